#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

bool deltaic_uses_vector_instructions(void) {
#if defined(__x86_64__)
  const char *portable = getenv("DELTAIC_PORTABLE_KERNELS");
  if (portable != NULL && strcmp(portable, "1") == 0) return false;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
#else
  return false;
#endif
}
