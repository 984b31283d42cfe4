"""Philox4x32-10 as section 6 of codec-payloads.md has it, for the scripts beside this file; generator.json has its known answers."""

MASK = 0xFFFFFFFF


def philox(counter, key):
    """The four words of four counter words and two key words."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c
