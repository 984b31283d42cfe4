#!/usr/bin/env bash
# Measures everything, beside what users would pick instead: installs, builds, fetches the models and the peers, runs the suite.
#   scripts/benchmark.sh [--quick] [arguments of `DeltaicBench suite`: --json FILE, --only PART..., --scratch DIR]
# In full about half an hour and 35 GB of disk, for the largest made-up model; --quick takes some minutes and 3 GB.
# DELTAIC_MODELS is where the models are put (default: models), DELTAIC_PEERS the Python environment of the peers (default: .build/peers).
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh valgrind binutils util-linux curl python3-venv python3-dev gcc
scripts/build.sh --product deltaic
scripts/build.sh --product DeltaicBench
arguments=()
models=$(scripts/models.sh "${DELTAIC_MODELS:-$PWD/models}")
# Made-up models stand in for tests; the figures of real ones say what they are of.
[[ $models == */made-up ]] || arguments+=(--models "$models")
peers=${DELTAIC_PEERS:-$PWD/.build/peers}
[[ -x $peers/bin/python ]] || python3 -m venv "$peers"
# ZipNN asks for PyTorch, which plain bytes do not need. One that cannot be installed is a row that says so.
"$peers/bin/pip" install --quiet numpy zstandard safetensors hf_xet || echo "note: pip could not install all of the peers" >&2
"$peers/bin/pip" install --quiet --no-deps zipnn==0.5.4 || echo "note: pip could not install zipnn" >&2
exec .build/release/DeltaicBench suite "${arguments[@]}" --python "$peers/bin/python" "$@"
