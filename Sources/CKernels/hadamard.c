#include <string.h>

#include "CKernels.h"
#include "vector_instructions.h"

#define BUTTERFLY(a, b)                                                                                                \
  {                                                                                                                    \
    const f32x8 difference = (a) - (b);                                                                                \
    (a) = (a) + (b);                                                                                                   \
    (b) = difference;                                                                                                  \
  }

// The stages of half lengths 1 and 2, and 1, 2 and 4, of these vectors.
#define BUTTERFLY4(v)                                                                                                  \
  BUTTERFLY(v[0], v[1])                                                                                                \
  BUTTERFLY(v[2], v[3])                                                                                                \
  BUTTERFLY(v[0], v[2])                                                                                                \
  BUTTERFLY(v[1], v[3])
#define BUTTERFLY8(v)                                                                                                  \
  BUTTERFLY(v[0], v[1])                                                                                                \
  BUTTERFLY(v[2], v[3])                                                                                                \
  BUTTERFLY(v[4], v[5])                                                                                                \
  BUTTERFLY(v[6], v[7])                                                                                                \
  BUTTERFLY(v[0], v[2])                                                                                                \
  BUTTERFLY(v[1], v[3])                                                                                                \
  BUTTERFLY(v[4], v[6])                                                                                                \
  BUTTERFLY(v[5], v[7])                                                                                                \
  BUTTERFLY(v[0], v[4])                                                                                                \
  BUTTERFLY(v[1], v[5])                                                                                                \
  BUTTERFLY(v[2], v[6])                                                                                                \
  BUTTERFLY(v[3], v[7])

#define UNPACK_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define UNPACK_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define HALVES_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define HALVES_HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

// Puts value i of each of eight blocks into vector i.
VECTORISED static void interleave(const float *restrict values, size_t length, f32x8 *restrict lanes) {
  if (length < 8) {
    for (size_t index = 0; index < length; index++) {
      for (int lane = 0; lane < 8; lane++) lanes[index][lane] = values[lane * length + index];
    }
    return;
  }
  for (size_t index = 0; index < length; index += 8) {
    f32x8 r[8], s[8], t[8];
    for (int lane = 0; lane < 8; lane++) memcpy(&r[lane], values + lane * length + index, sizeof r[lane]);
    for (int pair = 0; pair < 8; pair += 2) {
      s[pair] = UNPACK_LOW(r[pair], r[pair + 1]);
      s[pair + 1] = UNPACK_HIGH(r[pair], r[pair + 1]);
    }
    for (int half = 0; half < 8; half += 4) {
      t[half] = PAIRS_LOW(s[half], s[half + 2]);
      t[half + 1] = PAIRS_HIGH(s[half], s[half + 2]);
      t[half + 2] = PAIRS_LOW(s[half + 1], s[half + 3]);
      t[half + 3] = PAIRS_HIGH(s[half + 1], s[half + 3]);
    }
    for (int row = 0; row < 4; row++) {
      lanes[index + row] = HALVES_LOW(t[row], t[row + 4]);
      lanes[index + row + 4] = HALVES_HIGH(t[row], t[row + 4]);
    }
  }
}

// The transforms of eight blocks under a mask, one block to a lane, three stages in each pass but the first.
VECTORISED static void transform_lanes(
    const f32x8 *restrict lanes, const float *restrict signs, unsigned exponent, f32x8 *restrict work) {
  const size_t length = (size_t)1 << exponent;
  unsigned stages = exponent % 3;
  if (stages == 0) {
    for (size_t start = 0; start < length; start++) work[start] = lanes[start] * signs[start];
  } else if (stages == 1) {
    for (size_t start = 0; start < length; start += 2) {
      f32x8 v[2];
      for (int index = 0; index < 2; index++) v[index] = lanes[start + index] * signs[start + index];
      BUTTERFLY(v[0], v[1])
      for (int index = 0; index < 2; index++) work[start + index] = v[index];
    }
  } else {
    for (size_t start = 0; start < length; start += 4) {
      f32x8 v[4];
      for (int index = 0; index < 4; index++) v[index] = lanes[start + index] * signs[start + index];
      BUTTERFLY4(v)
      for (int index = 0; index < 4; index++) work[start + index] = v[index];
    }
  }
  for (; stages < exponent; stages += 3) {
    const size_t half = (size_t)1 << stages;
    for (size_t start = 0; start < length; start += 8 * half) {
      for (size_t first = start; first < start + half; first++) {
        f32x8 v[8];
        for (int index = 0; index < 8; index++) v[index] = work[first + index * half];
        BUTTERFLY8(v)
        for (int index = 0; index < 8; index++) work[first + index * half] = v[index];
      }
    }
  }
}

VECTORISED void deltaic_hadamard_search(
    const float *restrict values, unsigned exponent, const float *restrict signs, unsigned masks, float *restrict work,
    float *restrict best_products, uint32_t *restrict best_codes) {
  const size_t length = (size_t)1 << exponent;
  f32x8 *lanes = (f32x8 *)work;
  f32x8 *products = lanes + length;
  interleave(values, length, lanes);
  f32x8 best = (f32x8){0} - 1;
  i32x8 codes = {0};
  for (unsigned mask = 0; mask < masks; mask++) {
    transform_lanes(lanes, signs + mask * length, exponent, products);
    for (size_t row = 0; row < length; row++) {
      const i32x8 bits = (i32x8)products[row];
      const f32x8 magnitude = (f32x8)(bits & 0x7fffffff);
      const i32x8 code = (i32x8)((u32x8)bits >> 31) | (int32_t)(mask << (exponent + 1) | (unsigned)row << 1);
      const i32x8 is_better = magnitude > best;
      best = SELECT(is_better, magnitude, best);
      codes = SELECT(is_better, code, codes);
    }
  }
  memcpy(best_products, &best, sizeof best);
  memcpy(best_codes, &codes, sizeof codes);
}

// Loads `number` vectors that are `half` values apart, transforms them, and stores them.
#define TRANSFORM_PASS(place, half, number, butterflies)                                                               \
  {                                                                                                                    \
    f32x8 v[number];                                                                                                   \
    for (size_t part = 0; part < number; part++) memcpy(&v[part], (place) + part * (half), sizeof v[part]);            \
    butterflies;                                                                                                       \
    for (size_t part = 0; part < number; part++) memcpy((place) + part * (half), &v[part], sizeof v[part]);            \
  }

VECTORISED void deltaic_hadamard_transform(float *values, unsigned exponent) {
  const size_t length = (size_t)1 << exponent;
  // The stages within a vector: a + b in one of a pair, a - b in the other.
  const f32x8 odd = {1, -1, 1, -1, 1, -1, 1, -1}, second = {1, 1, -1, -1, 1, 1, -1, -1};
  const f32x8 upper = {1, 1, 1, 1, -1, -1, -1, -1};
  for (size_t index = 0; index < length; index += 8) {
    f32x8 v;
    memcpy(&v, values + index, sizeof v);
    v = __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6) + v * odd;
    v = __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5) + v * second;
    v = __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3) + v * upper;
    memcpy(values + index, &v, sizeof v);
  }
  // Three stages in each pass over the values; what does not go into three goes first.
  size_t half = 8;
  for (unsigned stages = exponent - 3; stages > 0;) {
    const unsigned together = stages % 3 == 0 ? 3 : stages % 3;
    for (size_t start = 0; start < length; start += half << together) {
      for (size_t index = start; index < start + half; index += 8) {
        if (together == 3) {
          TRANSFORM_PASS(values + index, half, 8, BUTTERFLY8(v))
        } else if (together == 2) {
          TRANSFORM_PASS(values + index, half, 4, BUTTERFLY4(v))
        } else {
          TRANSFORM_PASS(values + index, half, 2, BUTTERFLY(v[0], v[1]))
        }
      }
    }
    half <<= together;
    stages -= together;
  }
}

#define SIGN_BIT(word, index) (((word) >> ((index) & 31)) << 31)

VECTORISED void deltaic_apply_signs(const uint32_t *restrict signs, float *restrict values, size_t count) {
  const u32x8 lanes = {0, 1, 2, 3, 4, 5, 6, 7};
  size_t index = 0;
  for (; index + 8 <= count; index += 8) {
    u32x8 bits;
    memcpy(&bits, values + index, sizeof bits);
    bits ^= ((((u32x8){0} + signs[index >> 5]) >> (lanes + (uint32_t)(index & 31))) & 1) << 31;
    memcpy(values + index, &bits, sizeof bits);
  }
  for (; index < count; index++) {
    uint32_t bits;
    memcpy(&bits, values + index, sizeof bits);
    bits ^= SIGN_BIT(signs[index >> 5], index);
    memcpy(values + index, &bits, sizeof bits);
  }
}

VECTORISED void deltaic_add_signs(
    const uint32_t *restrict signs, float amplitude, float *restrict values, size_t count) {
  const u32x8 lanes = {0, 1, 2, 3, 4, 5, 6, 7};
  uint32_t amplitude_bits;
  memcpy(&amplitude_bits, &amplitude, sizeof amplitude_bits);
  size_t index = 0;
  for (; index + 8 <= count; index += 8) {
    const u32x8 flips = ((((u32x8){0} + signs[index >> 5]) >> (lanes + (uint32_t)(index & 31))) & 1) << 31;
    f32x8 v;
    memcpy(&v, values + index, sizeof v);
    v += (f32x8)(flips ^ amplitude_bits);
    memcpy(values + index, &v, sizeof v);
  }
  for (; index < count; index++) {
    const uint32_t bits = amplitude_bits ^ SIGN_BIT(signs[index >> 5], index);
    float step;
    memcpy(&step, &bits, sizeof step);
    values[index] += step;
  }
}

VECTORISED void deltaic_add_scaled(const float *restrict steps, float factor, float *restrict values, size_t count) {
  for (size_t index = 0; index < count; index++) values[index] += factor * steps[index];
}
