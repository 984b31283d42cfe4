#ifndef DELTAIC_VECTOR_INSTRUCTIONS_H
#define DELTAIC_VECTOR_INSTRUCTIONS_H

// A product is rounded before it is added, as in the portable kernels.
#pragma STDC FP_CONTRACT OFF

// Functions are compiled for these instructions, the module is not: it runs on processors without them.
#if defined(__x86_64__)
#define VECTORISED __attribute__((target("avx2,f16c")))
#else
#define VECTORISED
#endif

typedef float f32x8 __attribute__((vector_size(32)));
typedef double f64x8 __attribute__((vector_size(64)));
typedef uint32_t u32x8 __attribute__((vector_size(32)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef uint64_t u64x8 __attribute__((vector_size(64)));

// `yes` in the lanes in which a comparison held, `no` in the others.
#define SELECT(comparison, yes, no) ((__typeof__(yes))(((i32x8)(yes) & (comparison)) | ((i32x8)(no) & ~(comparison))))

#endif
