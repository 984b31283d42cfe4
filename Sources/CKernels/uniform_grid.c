#include <string.h>

#include "CKernels.h"
#include "vector_instructions.h"

VECTORISED void deltaic_grid_codes(
    const float *restrict values, size_t count, float lowest, float range, float last, uint8_t *restrict codes) {
  for (size_t index = 0; index < count; index++) {
    const float place = (values[index] - lowest) / range * last;
    const float clamped = place > 0 ? (place < last ? place : last) : 0;
    // From 2^23 on, numbers of binary32 are whole: the addition rounds, ties to even.
    const float whole = clamped + 0x1p23f;
    uint32_t bits;
    memcpy(&bits, &whole, sizeof bits);
    codes[index] = (uint8_t)bits;
  }
}
