#include <xxhash.h>

// On x86-64 the library has XXH3 for AVX2 and AVX-512 too, and asks the processor at the first call; the values are the same.
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>

// Debian's build of those returns with the upper halves of the vector registers in use, and from then on each instruction of SSE, all that
// most of this program and zstd have, waits for the one before it: splitting byte planes took four times as long.
static inline void deltaic_clear_upper_halves(void) {
  if (__builtin_cpu_supports("avx"))
    __asm__ volatile("vzeroupper" ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                     "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static inline XXH64_hash_t deltaic_xxh3_64(const void *bytes, size_t count) {
  XXH64_hash_t hash = XXH3_64bits_dispatch(bytes, count);
  deltaic_clear_upper_halves();
  return hash;
}
static inline XXH128_hash_t deltaic_xxh3_128(const void *bytes, size_t count) {
  XXH128_hash_t hash = XXH3_128bits_dispatch(bytes, count);
  deltaic_clear_upper_halves();
  return hash;
}
#else
static inline XXH64_hash_t deltaic_xxh3_64(const void *bytes, size_t count) { return XXH3_64bits(bytes, count); }
static inline XXH128_hash_t deltaic_xxh3_128(const void *bytes, size_t count) { return XXH3_128bits(bytes, count); }
#endif
