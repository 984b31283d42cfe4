#!/usr/bin/env bash
# Searches for inputs that break the parsers (Fuzz/), under the address sanitizer; starts from Fuzz/corpora and leaves them alone.
#   scripts/fuzz.sh [seconds per parser, 60 without it] [parser ...]
# What breaks one is kept in .build-fuzz/found; minimise it with -minimize_crash=1, mend the parser, and put it in its corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
named=$#

scripts/setup.sh
resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
DELTAIC_FUZZER=$(ls "$resources"/clang/lib/linux/libclang_rt.fuzzer_no_main-"$(uname -m)".a)
export DELTAIC_FUZZER
build=(swift build -c release --scratch-path .build-fuzz --sanitize address -Xswiftc -enable-testing --product DeltaicFuzz)
"${build[@]}"
fuzz=$("${build[@]}" --show-bin-path)/DeltaicFuzz

found=$PWD/.build-fuzz/found
mkdir -p "$found"
# Inputs of some parsers are files: those in memory are written faster.
[[ ! -w /dev/shm ]] || export TMPDIR=/dev/shm
# Freed memory that the sanitizer keeps back counts for the limit below; a fuzzer that reads packs is near it by that alone.
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=64
status=0
tried=0
printf '%-12s %9s %7s %7s %9s  %s\n' parser runs corpus edges "peak MB" outcome
for name in $(if (($# > 0)); then echo "$@"; else "$fuzz" names; fi); do
    work=$(mktemp -d)
    log=.build-fuzz/$name.log
    outcome=ok
    "$fuzz" "$name" -seed=1 -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 -malloc_limit_mb=256 \
        -max_len=65536 -print_final_stats=1 -artifact_prefix="$found/$name-" "$work" "Fuzz/corpora/$name" >"$log" 2>&1 \
        || { outcome="FOUND, see $log"; status=1; }
    edges=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 | cut -d ' ' -f 2)
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    printf '%-12s %9s %7s %7s %9s  %s\n' "$name" "${runs:-?}" "$(find "Fuzz/corpora/$name" -type f | wc -l)" \
        "${edges:-?}" "${peak:-?}" "$outcome"
    rm -r "$work"
    tried=$((tried + 1))
done
# For the table of docs/reliability.md; what a search ran, and how much it reached, differs from run to run.
if [[ -n ${DELTAIC_EVIDENCE:-} ]] && ((status == 0 && named == 0)); then
    printf '{"family":24,"outcomes":{"nothing found":%d},"tried":%d,"what":"parsers searched by libFuzzer under the address sanitizer, %d s each"}\n' \
        $tried $tried "$seconds" >>"$DELTAIC_EVIDENCE"
fi
exit $status
