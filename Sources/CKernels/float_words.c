#include <string.h>

#include "CKernels.h"
#include "vector_instructions.h"

// Compilers make vectors of these loops; the functions of one value are inlined into them.
#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

INLINE float of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

INLINE uint16_t word16(const uint8_t *words, size_t index) {
  uint16_t word;
  memcpy(&word, words + 2 * index, 2);
  return word;
}

INLINE float bf16(const uint8_t *words, size_t index) {
  return of_bits((uint32_t)word16(words, index) << 16);
}

INLINE float f16(const uint8_t *words, size_t index) {
  _Float16 value;
  memcpy(&value, words + 2 * index, 2);
  return (float)value;
}

INLINE float f32(const uint8_t *words, size_t index) {
  float value;
  memcpy(&value, words + 4 * index, 4);
  return value;
}

// Negative for infinity and NaN.
INLINE int32_t excess(float value) {
  return 0x7f7fffff - (int32_t)(bits_of(value) & 0x7fffffff);
}

#define VALUES(format)                                                                                                 \
  VECTORISED void deltaic_values_##format(const uint8_t *restrict words, size_t count, float *restrict values) {       \
    for (size_t index = 0; index < count; index++) values[index] = format(words, index);                               \
  }

#define DIFFERENCES(format)                                                                                            \
  VECTORISED bool deltaic_differences_##format(                                                                        \
      const uint8_t *restrict words, const uint8_t *restrict base, size_t count, float *restrict values,               \
      float *restrict differences) {                                                                                   \
    int32_t all = 0;                                                                                                   \
    for (size_t index = 0; index < count; index++) {                                                                   \
      const float value = format(base, index);                                                                         \
      const float difference = format(words, index) - value;                                                           \
      values[index] = value;                                                                                           \
      differences[index] = difference;                                                                                 \
      all |= excess(difference);                                                                                       \
    }                                                                                                                  \
    return all >= 0;                                                                                                   \
  }

VALUES(bf16)
VALUES(f16)
DIFFERENCES(f32)
DIFFERENCES(f16)
DIFFERENCES(bf16)

VECTORISED void deltaic_sum_f32(
    const uint8_t *restrict base, const float *restrict delta, size_t count, uint8_t *restrict words) {
  for (size_t index = 0; index < count; index++) {
    const float value = f32(base, index);
    // Zero of either sign keeps the word, and a sum with it could change that of a negative zero.
    const uint32_t sum = delta[index] == 0 ? bits_of(value) : bits_of(value + delta[index]);
    memcpy(words + 4 * index, &sum, 4);
  }
}

VECTORISED void deltaic_sum_f16(
    const uint8_t *restrict base, const float *restrict delta, size_t count, uint8_t *restrict words) {
  for (size_t index = 0; index < count; index++) {
    const _Float16 rounded = (_Float16)(f16(base, index) + delta[index]);
    uint16_t sum;
    memcpy(&sum, &rounded, 2);
    const uint16_t word = delta[index] == 0 ? word16(base, index) : sum;
    memcpy(words + 2 * index, &word, 2);
  }
}

VECTORISED void deltaic_sum_bf16(
    const uint8_t *restrict base, const float *restrict delta, size_t count, uint8_t *restrict words) {
  for (size_t index = 0; index < count; index++) {
    const uint32_t bits = bits_of(bf16(base, index) + delta[index]);
    const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    const uint32_t sum = (bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded;
    const uint16_t word = delta[index] == 0 ? word16(base, index) : (uint16_t)sum;
    memcpy(words + 2 * index, &word, 2);
  }
}
