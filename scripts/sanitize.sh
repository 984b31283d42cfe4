#!/usr/bin/env bash
# Runs tests under a sanitizer: races between threads, or accesses outside of memory that is owned. Builds in .build-thread or .build-address.
#   scripts/sanitize.sh thread|address [arguments of swift test, e.g. --filter KernelsTests]
# Without arguments: the targets where it may find something. Those that start the program as a process would test another build.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-}
shift || true

scripts/setup.sh
options=(-c release --scratch-path ".build-$kind" --sanitize "$kind" -Xswiftc -enable-testing)
case $kind in
    thread)
        tests=(--filter '^(CatalogTests|DeltaicCoreTests|PackFormatTests|RegistryServerTests|RegistryTests)\.')
        export TSAN_OPTIONS="halt_on_error=0 exitcode=66 suppressions=$PWD/scripts/tsan.supp ${TSAN_OPTIONS:-}"
        # The Swift library is not instrumented: scripts/tsan.c tells what it does. Another file has another name, so that it is linked in.
        mkdir -p .build-thread
        object=$PWD/.build-thread/tsan-$(sha256sum scripts/tsan.c | head -c 8).o
        clang -O1 -Wall -Wextra -Werror -c scripts/tsan.c -o "$object"
        options+=(-Xlinker "$object")
        ;;
    address)
        tests=(--skip '^(CommandTests|FaultTests)\.')
        # libc keeps what it allocates for a process; and a length that is refused may be asked for.
        export ASAN_OPTIONS="detect_leaks=0 allocator_may_return_null=1 ${ASAN_OPTIONS:-}"
        ;;
    *)
        echo "usage: scripts/sanitize.sh thread|address [arguments of swift test]" >&2
        exit 2
        ;;
esac
(($# == 0)) || tests=("$@")

# The table of docs/reliability.md counts what the ordinary run of these tests tries.
unset DELTAIC_EVIDENCE
export SWIFT_BACKTRACE=enable=no
swift build "${options[@]}" --build-tests
swift test "${options[@]}" --skip-build --disable-xctest "${tests[@]}"
