#!/usr/bin/env bash
# Fetches the real models into DIR and prints the folder that holds them. Where that is not possible it makes stand-ins of
# the same names in DIR/made-up, says so, and prints that folder: made-up models never lie among real ones.
#   scripts/models.sh DIR
set -euo pipefail
cd "$(dirname "$0")/.."
models=${1:?usage: scripts/models.sh DIR}

if python3 scripts/fetch_models.py "$models" >&2; then
    echo "$models"
    exit 0
fi
if [[ -n ${CI:-} ]]; then
    echo "error: CI tests the real models, and they could not be fetched" >&2
    exit 1
fi
made_up=$models/made-up
echo "note: the real models could not be fetched; made-up ones (random weights) take their place in $made_up" >&2
for suffix in "" -bf16; do
    .build/release/DeltaicBench synthesize --base "$made_up/all-MiniLM-L6-v2$suffix" \
        --fine-tune "$made_up/sre-embedding-model$suffix" --megabytes 90
done
echo "$made_up"
