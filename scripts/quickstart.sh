#!/usr/bin/env bash
# From nothing to a proof: installs what is missing, builds, registers a real base and real fine-tunes of it, prints what is
# saved, pulls everything back and compares it byte for byte.
#   scripts/quickstart.sh [DIR]     DIR: where models and registry go; a new folder under /tmp by default
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
echo "building (a few minutes the first time)" >&2
scripts/build.sh --product DeltaicBench >&2
scripts/build.sh --product deltaic >&2
deltaic=$PWD/.build/release/deltaic

place=${1:-$(mktemp -d)}
mkdir -p "$place"
models=$(scripts/models.sh "${DELTAIC_MODELS:-$PWD/models}")
export DELTAIC_HOME=$place/registry
[[ -e $DELTAIC_HOME ]] && { echo "error: $DELTAIC_HOME exists; name another folder" >&2; exit 1; }

run() {
    printf '\n$ deltaic %s\n' "${*//$models\//}"
    "$deltaic" "$@"
}
run init
run base add "$models/all-MiniLM-L6-v2" --name minilm
run base add "$models/all-MiniLM-L6-v2-bf16" --name minilm-bf16
run register "$models/sre-embedding-model" --name acme/sre --base minilm --task retrieval --tag prod
run register "$models/sre-embedding-model-bf16" --name acme/sre-bf16 --base minilm-bf16 --task retrieval
if [[ -d $models/all-MiniLM-L6-v2-copy ]]; then
    run register "$models/all-MiniLM-L6-v2-copy" --name someone/minilm-copy --base minilm
fi
run savings

echo
for pair in minilm:all-MiniLM-L6-v2 minilm-bf16:all-MiniLM-L6-v2-bf16 acme/sre:sre-embedding-model \
    acme/sre-bf16:sre-embedding-model-bf16 someone/minilm-copy:all-MiniLM-L6-v2-copy; do
    name=${pair%%:*} original=$models/${pair#*:}
    [[ -d $original ]] || continue
    "$deltaic" pull "$name" --output "$place/pulled/$name" >/dev/null
    # Leftovers of the Hub's client are no part of a model and are not kept.
    diff -r --exclude=.cache "$original" "$place/pulled/$name"
    echo "pulled $name: every file is the one that was registered, byte for byte"
done
echo
echo "registry: $DELTAIC_HOME    program: $deltaic"
