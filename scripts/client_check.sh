#!/usr/bin/env bash
# Drives a server through real clients: the Hub's own client, newest and a year old, reading and pushing, transformers, git and git-lfs.
#   scripts/client_check.sh MODELS     MODELS: the folder of the real models
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh python3-venv git-lfs
models=$(realpath "${1:?usage: scripts/client_check.sh MODELS}")
check=${DELTAIC_SHARED:-../shared}/hf_client_check.py
if [[ ! -f $check ]]; then
    echo "note: $check is not there, so the service was NOT driven through the Hub's client" >&2
    [[ -z ${CI:-} ]] || exit 1
    exit 0
fi
check=$(realpath "$check")
deltaic=$PWD/.build/release/deltaic
clients=$PWD/.build/clients
work=$(mktemp -d)
export DELTAIC_HOME=$work/registry
source scripts/server.sh

# The newest, and the one that most had a year before: transformers of November 2025 took no 1.x. (1.1.5 of those days passes too, but
# for verify_repo_checksums, which in it takes folders for missing files, and its command, which lacks a dependency today.)
newest=$clients/newest
old=$clients/old
install_client() {
    local place=$1
    shift
    [[ -x $place/bin/python ]] || python3 -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
}
install_client "$newest" --upgrade huggingface_hub
install_client "$old" "huggingface_hub==0.36.0"
if ! "$newest/bin/python" -c 'import torch, transformers' 2>/dev/null; then
    install_client "$newest" "torch==2.13.0+cpu" || install_client "$newest" torch
    install_client "$newest" transformers
fi

"$deltaic" init >/dev/null
"$deltaic" base add "$models/all-MiniLM-L6-v2" --name minilm >/dev/null
"$deltaic" base add "$models/all-MiniLM-L6-v2" --name someone/minilm >/dev/null
"$deltaic" base add "$models/all-MiniLM-L6-v2-bf16" --name minilm-bf16 >/dev/null
"$deltaic" tag someone/minilm prod >/dev/null
"$deltaic" register "$models/sre-embedding-model" --name acme/sre --base minilm --task retrieval --tag prod >/dev/null
"$deltaic" register "$models/sre-embedding-model-bf16" --name Acme/sre-small --base minilm-bf16 --codec seeded-sign \
    --ratio 40 --tag prod >/dev/null
# What a lossy version gives back is known from its registration on: the same from a pull as from any client.
"$deltaic" pull Acme/sre-small --output "$work/small" >/dev/null
token=$(new_token clients --scope write)

run_check() {
    local client=$1 model=$2 folder=$3
    shift 3
    echo "-- $("$client/bin/python" -c 'import huggingface_hub as h; print("huggingface_hub", h.__version__)'), $model $*"
    "$client/bin/python" "$check" --endpoint "$url" --model "$model" --local-dir "$folder" --tag prod --token "$token" \
        "$@" >"$work/out" || { grep -Ev '^PASS' "$work/out"; tail -n 40 "$work/log"; exit 1; } >&2
    grep -E '^SKIP|passed' "$work/out"
}

start_server --part-size $((5 << 20))
run_check "$newest" acme/sre "$models/sre-embedding-model" --anonymous none --transformers --upload --xet both
run_check "$newest" Acme/sre-small "$work/small" --anonymous none
run_check "$old" acme/sre "$models/sre-embedding-model" --anonymous none --upload --xet both
run_check "$old" Acme/sre-small "$work/small" --anonymous none
start_server --anonymous-read
run_check "$newest" someone/minilm "$models/all-MiniLM-L6-v2" --anonymous read

echo "-- git and git-lfs"
git -c credential.helper= clone --quiet "${url}/acme/sre" "$work/clone"
git -C "$work/clone" fsck --strict --no-progress
git -C "$work/clone" -c lfs.locksverify=false lfs pull
diff -r --exclude=.git --exclude=.cache "$models/sre-embedding-model" "$work/clone"
echo "cloned acme/sre: every file is the one that was registered, byte for byte"
stop_server
"$deltaic" verify >/dev/null

echo "-- killed while clients push, and many at once"
(cd Benchmarks/pushing && python3 kill.py --program "$deltaic" --python "$newest/bin/python" --rounds 6)
(cd Benchmarks/pushing && python3 parallel.py --program "$deltaic" --python "$newest/bin/python" --megabytes 12)
(cd Benchmarks/pushing && python3 wire.py --program "$deltaic" --python "$newest/bin/python" --models "$models")
