#include <xxhash.h>

// On x86-64 the library has XXH3 for AVX2 and AVX-512 too, and asks the processor at the first call; the values are the same.
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
static inline XXH64_hash_t deltaic_xxh3_64(const void *bytes, size_t count) { return XXH3_64bits_dispatch(bytes, count); }
static inline XXH128_hash_t deltaic_xxh3_128(const void *bytes, size_t count) {
  return XXH3_128bits_dispatch(bytes, count);
}
#else
static inline XXH64_hash_t deltaic_xxh3_64(const void *bytes, size_t count) { return XXH3_64bits(bytes, count); }
static inline XXH128_hash_t deltaic_xxh3_128(const void *bytes, size_t count) { return XXH3_128bits(bytes, count); }
#endif
