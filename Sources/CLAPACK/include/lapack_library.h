#ifndef LAPACK_LIBRARY_H
#define LAPACK_LIBRARY_H

/* Swift cannot import C's complex numbers: opaque ones keep the real routines and leave <complex.h> out. */
#define LAPACK_COMPLEX_CUSTOM
typedef struct { float re, im; } lapack_complex_float;
typedef struct { double re, im; } lapack_complex_double;
#define lapack_complex_float lapack_complex_float
#define lapack_complex_double lapack_complex_double
#include <lapacke.h>
#include <cblas.h>

/*
 * The routines that are used, as their own headers declare them.
 *
 * They are looked up when they are needed and not linked: OpenBLAS starts a thread for each processor when it is loaded, which then
 * waits in a loop, and only encoders of some lossy codecs ever call it.
 */
typedef struct {
    __typeof__(&cblas_sgemm) sgemm;
    __typeof__(&openblas_set_num_threads) set_num_threads;
    __typeof__(&openblas_get_num_threads) get_num_threads;
    __typeof__(&LAPACKE_sgesdd_work) sgesdd_work;
    __typeof__(&LAPACKE_sgesvd) sgesvd;
    __typeof__(&LAPACKE_sgelqf) sgelqf;
    __typeof__(&LAPACKE_sorglq) sorglq;
    __typeof__(&LAPACKE_spotrf) spotrf;
    __typeof__(&LAPACKE_strtri) strtri;
    __typeof__(&LAPACKE_spotri) spotri;
    __typeof__(&LAPACKE_ssyevd_work) ssyevd_work;
} lapack_routines;

/*
 * Loads the libraries and finds the routines; they stay for the life of the process.
 *
 * Returns a text that says what is missing, which the caller does not own, or NULL. To be called by one thread at a time.
 */
const char *lapack_load(lapack_routines *routines);

#endif
