#!/usr/bin/env bash
# Compares a server with Schema/http/openapi.yaml: requests that it allows, and some that it does not, made by schemathesis.
#   scripts/openapi_check.sh PROGRAM MODELS [SEED]     PROGRAM: deltaic; MODELS: the folder of the real models
# The same seed asks the same. Schema/http/schemathesis.toml says what is asked for.
set -euo pipefail
cd "$(dirname "$0")/.."
usage="usage: scripts/openapi_check.sh PROGRAM MODELS [SEED]"
deltaic=$(realpath "${1:?$usage}")
models=$(realpath "${2:?$usage}")
seed=${3:-1}
tool=$PWD/.build/clients/schemathesis
work=$(mktemp -d)
export DELTAIC_HOME=$work/registry PYTHONDONTWRITEBYTECODE=1 SCHEMATHESIS_HOOKS=$PWD/Schema/http/schemathesis_hooks.py
source scripts/server.sh

[[ -x $tool/bin/python ]] || python3 -m venv "$tool"
"$tool/bin/schemathesis" --version 2>/dev/null | grep -q 4.32.5 ||
    "$tool/bin/pip" install --quiet --disable-pip-version-check "schemathesis==4.32.5" >&2

"$deltaic" init >/dev/null
"$deltaic" base add "$models/all-MiniLM-L6-v2-bf16" --name minilm >/dev/null
"$deltaic" register "$models/sre-embedding-model-bf16" --name acme/sre --base minilm --task retrieval --tag prod >/dev/null
"$deltaic" register "$models/sre-embedding-model-bf16" --name acme/small --base minilm --codec seeded-sign --ratio 40 \
    --tag prod >/dev/null 2>&1
"$deltaic" tag minilm prod >/dev/null
token=$(new_token openapi --scope write)

start_server --rate 0
description=$PWD/Schema/http
# Not in the repository, where it would leave what it remembers.
cd "$work"
"$tool/bin/schemathesis" --config-file "$description/schemathesis.toml" run "$description/openapi.yaml" --url "$url" \
    --header "Authorization: Bearer $token" --checks all --phases examples,coverage,fuzzing --max-examples 10 \
    --seed "$seed" --generation-database none --no-color >"$work/out" || { cat "$work/out" "$work/log"; exit 1; }
grep -E 'generated|Tested:|Seed:' "$work/out"
stop_server
# What no request may do.
if grep -E 'level=(error|critical)' "$work/log"; then exit 1; fi
echo "the server does what Schema/http/openapi.yaml says"
