/* The literal-compression parameter is in the static section of the header; its number is the same in the shared library. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
