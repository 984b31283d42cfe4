#include <string.h>

#include "CKernels.h"
#include "vector_instructions.h"

#define INLINE static inline __attribute__((always_inline))

// In macros, as functions that take vectors have another calling convention for each set of instructions.
#define LOAD(target, source) memcpy(&(target), (source), sizeof(target))
#define STORE(target, source) memcpy((target), &(source), sizeof(source))

VECTORISED int64_t deltaic_delta_sums(
    const float *restrict base, const float *restrict delta, size_t count, double *restrict sums,
    float *restrict extremes) {
  f64x8 sum, absolute, square, weight_square, product, base_square;
  f32x8 minimum, maximum;
  LOAD(sum, sums);
  LOAD(absolute, sums + 8);
  LOAD(square, sums + 16);
  LOAD(weight_square, sums + 24);
  LOAD(product, sums + 32);
  LOAD(base_square, sums + 40);
  LOAD(minimum, extremes);
  LOAD(maximum, extremes + 8);
  int64_t zeros = 0;
  // In parts for which counters of 32 bits do.
  for (size_t start = 0; start < count; start += (size_t)1 << 30) {
    const size_t end = count - start < (size_t)1 << 30 ? count : start + ((size_t)1 << 30);
    i32x8 negative_zeros = {0};
    for (size_t index = start; index < end; index += 8) {
      f32x8 narrow_base, narrow;
      LOAD(narrow_base, base + index);
      LOAD(narrow, delta + index);
      const f64x8 b = __builtin_convertvector(narrow_base, f64x8);
      const f64x8 d = __builtin_convertvector(narrow, f64x8);
      const f64x8 weight = b + d;
      sum += d;
      absolute += (f64x8)((u64x8)d & 0x7fffffffffffffff);
      square += d * d;
      weight_square += weight * weight;
      product += d * b;
      base_square += b * b;
      negative_zeros += narrow == 0;
      minimum = SELECT(narrow < minimum, narrow, minimum);
      maximum = SELECT(narrow > maximum, narrow, maximum);
    }
    for (int lane = 0; lane < 8; lane++) zeros -= negative_zeros[lane];
  }
  STORE(sums, sum);
  STORE(sums + 8, absolute);
  STORE(sums + 16, square);
  STORE(sums + 24, weight_square);
  STORE(sums + 32, product);
  STORE(sums + 40, base_square);
  STORE(extremes, minimum);
  STORE(extremes + 8, maximum);
  return zeros;
}

VECTORISED void deltaic_error_sums(
    const float *restrict base, const float *restrict delta, const float *restrict found, size_t count,
    double *restrict sums) {
  f64x8 delta_square, change_square, product, weight_square, error_square;
  LOAD(delta_square, sums);
  LOAD(change_square, sums + 8);
  LOAD(product, sums + 16);
  LOAD(weight_square, sums + 24);
  LOAD(error_square, sums + 32);
  for (size_t index = 0; index < count; index += 8) {
    f32x8 narrow_base, narrow_delta, narrow_found;
    LOAD(narrow_base, base + index);
    LOAD(narrow_delta, delta + index);
    LOAD(narrow_found, found + index);
    const f64x8 b = __builtin_convertvector(narrow_base, f64x8);
    const f64x8 d = __builtin_convertvector(narrow_delta, f64x8);
    const f64x8 change = __builtin_convertvector(narrow_found, f64x8) - b;
    const f64x8 weight = b + d;
    const f64x8 error = change - d;
    delta_square += d * d;
    change_square += change * change;
    product += d * change;
    weight_square += weight * weight;
    error_square += error * error;
  }
  STORE(sums, delta_square);
  STORE(sums + 8, change_square);
  STORE(sums + 16, product);
  STORE(sums + 24, weight_square);
  STORE(sums + 32, error_square);
}

VECTORISED void deltaic_square_sums(const float *restrict values, size_t count, double *restrict sums) {
  f64x8 square;
  LOAD(square, sums);
  for (size_t index = 0; index < count; index += 8) {
    f32x8 narrow;
    LOAD(narrow, values + index);
    const f64x8 value = __builtin_convertvector(narrow, f64x8);
    square += value * value;
  }
  STORE(sums, square);
}

INLINE int32_t sign_of(float value) {
  return (value > 0) - (value < 0);
}

VECTORISED void deltaic_sign_agreement(
    const float *restrict base, const float *restrict delta, const float *restrict found, size_t count,
    int64_t *restrict changed, int64_t *restrict same) {
  // In parts for which counters of 32 bits do.
  for (size_t start = 0; start < count; start += (size_t)1 << 30) {
    const size_t end = count - start < (size_t)1 << 30 ? count : start + ((size_t)1 << 30);
    int32_t changes = 0;
    int32_t agreements = 0;
    for (size_t index = start; index < end; index++) {
      const int32_t sign = sign_of(delta[index]);
      const int32_t other = sign_of(found[index] - base[index]);
      changes += sign & 1;
      agreements += sign & 1 & (sign == other);
    }
    *changed += changes;
    *same += agreements;
  }
}
