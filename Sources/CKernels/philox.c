#include <string.h>

#include "CKernels.h"
#include "vector_instructions.h"

// Eight counters: x, y, z and w are the low halves of the lanes, what is in the high ones does not count.
#define PHILOX(block)                                                                                                  \
  u64x8 x = (u64x8){0, 1, 2, 3, 4, 5, 6, 7} + (block);                                                                 \
  u64x8 y = x >> 32, z = (u64x8){0} + domain, w = {0};                                                                 \
  uint32_t round_key0 = key0, round_key1 = key1;                                                                       \
  for (int round = 0; round < 10; round++) {                                                                           \
    const u64x8 first = (x & 0xffffffff) * 0xd2511f53, second = (z & 0xffffffff) * 0xcd9e8d57;                         \
    x = (second >> 32) ^ y ^ round_key0;                                                                               \
    y = second;                                                                                                        \
    z = (first >> 32) ^ w ^ round_key1;                                                                                \
    w = first;                                                                                                         \
    round_key0 += 0x9e3779b9;                                                                                          \
    round_key1 += 0xbb67ae85;                                                                                          \
  }                                                                                                                    \
  /* Words 0 and 1, and words 2 and 3, the lower one in the low half. */                                               \
  const u64x8 low = (x & 0xffffffff) | y << 32, high = (z & 0xffffffff) | w << 32;

VECTORISED void deltaic_philox_words(
    uint32_t key0, uint32_t key1, uint32_t domain, uint64_t first, size_t blocks, uint32_t *words) {
  for (size_t start = 0; start < blocks; start += 8) {
    PHILOX(first + start)
    const u64x8 head = __builtin_shufflevector(low, high, 0, 8, 1, 9, 2, 10, 3, 11);
    const u64x8 tail = __builtin_shufflevector(low, high, 4, 12, 5, 13, 6, 14, 7, 15);
    memcpy(words + 4 * start, &head, sizeof head);
    memcpy(words + 4 * start + 16, &tail, sizeof tail);
  }
}

VECTORISED void deltaic_philox_below(
    uint32_t key0, uint32_t key1, uint32_t domain, uint64_t first, size_t blocks, uint16_t threshold, uint8_t *masks) {
  // Every other part has room above it, into which adding 2^16 - threshold carries unless the part is below.
  const u64x8 parts = (u64x8){0} + 0x0000ffff0000ffff;
  const u64x8 ones = (u64x8){0} + 0x0000000100000001;
  const u64x8 complement = ones * (uint64_t)(0x10000 - (uint32_t)threshold);
  for (size_t start = 0; start < blocks; start += 8) {
    PHILOX(first + start)
    const u64x8 reached_low =
        ((((low & parts) + complement) >> 16) & ones) | (((((low >> 16) & parts) + complement) >> 16) & ones) << 1;
    const u64x8 reached_high =
        ((((high & parts) + complement) >> 16) & ones) | (((((high >> 16) & parts) + complement) >> 16) & ones) << 1;
    const u64x8 reached =
        ((reached_low | reached_low >> 30) & 15) | ((reached_high | reached_high >> 30) & 15) << 4;
    typedef uint8_t u8x8 __attribute__((vector_size(8)));
    const u8x8 below = __builtin_convertvector(reached ^ 255, u8x8);
    memcpy(masks + start, &below, sizeof below);
  }
}
