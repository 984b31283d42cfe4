#!/usr/bin/env bash
# Signs a version, and has OpenSSF's own tool (model_signing, from PyPI) check what is pulled: right, changed, and with another key.
#   scripts/signing_check.sh PROGRAM
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "$1")
venv=.build/clients/signing
if [[ ! -x $venv/bin/model_signing ]]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check model-signing==1.1.1 pyopenssl
fi
checker=$(realpath "$venv/bin/model_signing")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export DELTAIC_HOME=$work/registry
tried=0

check() { # FOLDER KEY
    "$checker" verify key "$1" --signature "$1/model.sig" --public_key "$2" >/dev/null 2>&1
}
must_fail() {
    if "$@"; then
        echo "error: this should have failed: $*" >&2
        exit 1
    fi
    tried=$((tried + 1))
}

python3 - <<'PYTHON'
import json, os, random, struct
random.seed(5)
os.makedirs("model/sub")
data = random.randbytes(4096)
header = json.dumps({"w": {"dtype": "BF16", "shape": [32, 64], "data_offsets": [0, 4096]}}).encode()
header += b" " * (-len(header) % 8)
open("model/model.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + data)
open("model/config.json", "w").write("{}")
open("model/sub/a b.txt", "w").write("text")
open("model/.gitattributes", "w").write("*.bin filter=lfs\n")
PYTHON
"$program" init >/dev/null
"$program" base add model --name acme/model >/dev/null
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl ec -pubout -out other.pem 2>/dev/null
for curve in prime256v1 secp384r1 secp521r1; do
    openssl ecparam -name $curve -genkey -noout -out private.pem
    openssl ec -in private.pem -pubout -out public.pem 2>/dev/null
    "$program" sign acme/model --key private.pem >/dev/null
    "$program" verify acme/model --key public.pem >/dev/null
    must_fail "$program" verify acme/model --key other.pem >/dev/null
    rm -rf out
    "$program" pull acme/model --output out --signature >/dev/null
    check out public.pem || { echo "error: model_signing refuses a signature with $curve" >&2; exit 1; }
    tried=$((tried + 1))
    must_fail check out other.pem
    printf x >>out/config.json
    must_fail check out public.pem
done
echo "model_signing agrees: $tried cases"
if [[ -n ${DELTAIC_EVIDENCE:-} ]]; then
    echo "{\"family\": 23, \"what\": \"signatures checked by model_signing, right, changed and with another key\", \"tried\": $tried, \"outcomes\": {\"found\": $tried}}" >>"$DELTAIC_EVIDENCE"
fi
