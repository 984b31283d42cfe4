#define _GNU_SOURCE
#include "lapack_library.h"
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

/* Why the last library could not be loaded. */
static char problem[512];

/* The name that programs which link the library look for, and the one that developers have. */
static void *open_library(const char *name, const char *other, int mode) {
    void *library = dlopen(name, RTLD_NOW | mode);
    if (library) return library;
    /* The reason that counts is that of the first: the second name is often not there at all. */
    const char *reason = dlerror();
    snprintf(problem, sizeof problem, "%s", reason ? reason : name);
    return dlopen(other, RTLD_NOW | mode);
}

#define FIND(library, field, name)                                       \
    do {                                                                 \
        void *found = dlsym(library, #name);                             \
        if (!found) return #name " is missing";                          \
        routines->field = (__typeof__(routines->field))found;            \
    } while (0)

const char *lapack_load(lapack_routines *routines) {
    /* For all to see: LAPACKE then takes OpenBLAS's own LAPACK, whatever liblapack and libblas this system prefers, as it does where
       both are linked. */
    void *blas = open_library("libopenblas.so.0", "libopenblas.so", RTLD_GLOBAL);
    if (!blas) return problem;
    void *lapacke = open_library("liblapacke.so.3", "liblapacke.so", RTLD_LOCAL);
    if (!lapacke) return problem;
    FIND(blas, sgemm, cblas_sgemm);
    FIND(blas, set_num_threads, openblas_set_num_threads);
    FIND(blas, get_num_threads, openblas_get_num_threads);
    FIND(lapacke, sgesdd_work, LAPACKE_sgesdd_work);
    FIND(lapacke, sgesvd, LAPACKE_sgesvd);
    FIND(lapacke, sgelqf, LAPACKE_sgelqf);
    FIND(lapacke, sorglq, LAPACKE_sorglq);
    FIND(lapacke, spotrf, LAPACKE_spotrf);
    FIND(lapacke, strtri, LAPACKE_strtri);
    FIND(lapacke, spotri, LAPACKE_spotri);
    FIND(lapacke, ssyevd_work, LAPACKE_ssyevd_work);
    return NULL;
}
