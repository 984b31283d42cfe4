#!/usr/bin/env bash
# Builds and runs every test: units, properties, golden packs, the program as a process, the real models, the promised
# sizes, lossy ones too, the service through real clients and under load, its console in a browser, faults of every kind, other readers of the same files,
# a short search for inputs that break a parser, the memory budget on a model twice as large as it, and the instructions that codecs take.
#   scripts/test.sh [arguments of swift test, e.g. --filter KernelsTests: then only those]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
# Only for what follows the tests.
(($# > 0)) || scripts/setup.sh valgrind binutils
scripts/build.sh --build-tests
models=$(scripts/models.sh "${DELTAIC_MODELS:-$PWD/models}")
# What is promised of the real models says nothing about made-up ones; the tests of the real pair are skipped then.
is_real=$([[ $models == */made-up ]] && echo no || echo yes)
unset DELTAIC_MODELS
[[ $is_real == no ]] || export DELTAIC_MODELS=$models
# What fault tests try is noted, for the table in docs/reliability.md.
export DELTAIC_EVIDENCE=$PWD/.build/evidence.jsonl
rm -f "$DELTAIC_EVIDENCE"
run_tests=(swift test -c release -Xswiftc -enable-testing --skip-build --disable-xctest)
if (($# > 0)); then
    "${run_tests[@]}" "$@"
    exit 0
fi
# Thousands of processes that are killed are no company for tests that talk to a server.
"${run_tests[@]}" --skip FaultTests
"${run_tests[@]}" --filter FaultTests
# Builds everything once more, instrumented: some 27 minutes of processor time where nothing of it was built before.
scripts/fuzz.sh 4
python3 Benchmarks/trust/soak.py --operations 600
scripts/signing_check.sh .build/release/deltaic
scripts/safetensors_verdicts.py .build/release/deltaic
if [[ $is_real == yes ]]; then
    .build/release/DeltaicBench sizes --models "$models" --check
    scripts/client_check.sh "$models"
    scripts/openapi_check.sh .build/release/deltaic "$models"
    scripts/console_check.sh .build/release/deltaic "$models"
    python3 Benchmarks/serving/soak.py --models "$models"
else
    echo "note: neither the sizes that are promised of the real models nor the service on them were checked" >&2
fi
.build/release/DeltaicBench lossy --check --quick
.build/release/DeltaicBench instructions --check
.build/release/DeltaicBench memory --megabytes 1000 --limit 512
scripts/reliability.py "$DELTAIC_EVIDENCE" --check
