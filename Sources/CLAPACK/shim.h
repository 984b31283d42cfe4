/* Swift cannot import C's complex numbers: opaque ones keep the real routines and leave <complex.h> out. */
#define LAPACK_COMPLEX_CUSTOM
typedef struct { float re, im; } lapack_complex_float;
typedef struct { double re, im; } lapack_complex_double;
#define lapack_complex_float lapack_complex_float
#define lapack_complex_double lapack_complex_double
#include <lapacke.h>
#include <cblas.h>
