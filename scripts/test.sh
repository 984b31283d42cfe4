#!/usr/bin/env bash
# Builds and runs every test: units, properties, golden packs, the program as a process, the real models, the promised
# sizes, and the memory budget on a model twice as large as it.
#   scripts/test.sh [arguments of swift test, e.g. --filter KernelsTests: then only those]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
scripts/build.sh --build-tests
models=${DELTAIC_MODELS:-$PWD/models}
scripts/models.sh "$models"
export DELTAIC_MODELS=$models
swift test -c release -Xswiftc -enable-testing --skip-build --disable-xctest "$@"
(($# == 0)) || exit 0
.build/release/DeltaicBench sizes --models "$models" --check
.build/release/DeltaicBench memory --megabytes 1000 --limit 512
