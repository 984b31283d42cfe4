/// Kernels in vector instructions that Swift cannot reach: the same bytes as the portable ones in `Kernels`, faster.
///
/// None may be called unless `deltaic_uses_vector_instructions` says yes. Values are little-endian.
#ifndef DELTAIC_CKERNELS_H
#define DELTAIC_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether the processor has AVX2 and F16C, and DELTAIC_PORTABLE_KERNELS is not 1 in the environment.
bool deltaic_uses_vector_instructions(void);

// float_words.c: see FloatFormat.swift and FloatDifference.swift.

void deltaic_values_bf16(const uint8_t *words, size_t count, float *values);
void deltaic_values_f16(const uint8_t *words, size_t count, float *values);
/// The values of `base` and what `words` have more; whether all of the latter are finite.
bool deltaic_differences_f32(const uint8_t *words, const uint8_t *base, size_t count, float *values, float *differences);
bool deltaic_differences_f16(const uint8_t *words, const uint8_t *base, size_t count, float *values, float *differences);
bool deltaic_differences_bf16(const uint8_t *words, const uint8_t *base, size_t count, float *values, float *differences);
/// `base` + `delta`, rounded to nearest, ties to even; the word of the base where delta is zero.
void deltaic_sum_f32(const uint8_t *base, const float *delta, size_t count, uint8_t *words);
void deltaic_sum_f16(const uint8_t *base, const float *delta, size_t count, uint8_t *words);
void deltaic_sum_bf16(const uint8_t *base, const float *delta, size_t count, uint8_t *words);

// uniform_grid.c: see UniformGrid.swift.

/// (value - lowest) / range * last, rounded, ties to even, and kept within 0 and `last`, at most 255.
void deltaic_grid_codes(const float *values, size_t count, float lowest, float range, float last, uint8_t *codes);

// delta_sums.c: see DeltaSums.swift, ErrorSums.swift and SquareSum.swift. `count` is a multiple of 8.

/// Adds to six sums of eight lanes each, and to eight minima, then eight maxima; returns how many of `delta` are zero.
int64_t deltaic_delta_sums(const float *base, const float *delta, size_t count, double *sums, float *extremes);
/// Adds to five sums of eight lanes each.
void deltaic_error_sums(const float *base, const float *delta, const float *found, size_t count, double *sums);
/// Adds to one sum of eight lanes.
void deltaic_square_sums(const float *values, size_t count, double *sums);
/// How many of `delta` are not zero, and how many of these have the sign of found - base.
void deltaic_sign_agreement(
    const float *base, const float *delta, const float *found, size_t count, int64_t *changed, int64_t *same);

// hadamard.c: see HadamardSearch.swift, HadamardRotation.swift and HadamardSigns.swift.

/// Searches the eight blocks of 2^exponent values that begin at `values`.
///
/// `signs` has 2^exponent values of 1 or -1 for each mask, `work` room for 16 * 2^exponent values, at multiples of 32 bytes.
void deltaic_hadamard_search(
    const float *values, unsigned exponent, const float *signs, unsigned masks, float *work, float *best, uint32_t *codes);
/// One transform in place; exponent is at least 3.
void deltaic_hadamard_transform(float *values, unsigned exponent);
/// Negates the values whose bit is set, the first in the lowest bit of the first word.
void deltaic_apply_signs(const uint32_t *signs, float *values, size_t count);
/// Adds `amplitude`, or subtracts it where the bit is set, the first in the lowest bit of the first word.
void deltaic_add_signs(const uint32_t *signs, float amplitude, float *values, size_t count);
/// Adds `factor` times each of `steps`, rounded twice.
void deltaic_add_scaled(const float *steps, float factor, float *values, size_t count);

// philox.c: see CounterGenerator.swift.

/// The four words of each of `blocks` counters, a multiple of 8.
void deltaic_philox_words(
    uint32_t key0, uint32_t key1, uint32_t domain, uint64_t first, size_t blocks, uint32_t *words);
/// For each of `blocks` counters, a multiple of 8, which of its eight 16-bit lanes are below the threshold.
void deltaic_philox_below(
    uint32_t key0, uint32_t key1, uint32_t domain, uint64_t first, size_t blocks, uint16_t threshold, uint8_t *masks);

#endif
