#!/usr/bin/env bash
# Looks at every page of the web console in headless Chromium, with the real models: pages say what the program knows, ask for nothing
# else and can be used by everybody; forms do what they say, and what hostile cards and other sites try comes to nothing.
#   scripts/console_check.sh PROGRAM MODELS [SHOTS]     PROGRAM: deltaic; MODELS: the folder of the real models
# SHOTS: a folder for small pictures of some pages; those that look as before are left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
usage="usage: scripts/console_check.sh PROGRAM MODELS [SHOTS]"
deltaic=$(realpath "${1:?$usage}")
models=$(realpath "${2:?$usage}")
shots=${3:+$(realpath -m "$3")}
scripts/setup.sh python3-venv chromium-headless-shell fonts-dejavu-core curl
check=$PWD/Tests/Browser
tool=$PWD/.build/clients/browser
work=$(mktemp -d)
export PYTHONDONTWRITEBYTECODE=1
source scripts/server.sh

[[ -x $tool/bin/python ]] || python3 -m venv "$tool"
"$tool/bin/python" -c 'import axe_playwright_python, PIL, playwright' 2>/dev/null ||
    "$tool/bin/pip" install --quiet --disable-pip-version-check "playwright==1.65.2" "axe-playwright-python==0.1.8" "pillow==13.0.0" >&2

# Servers that go on beside the next one, and stop with the script.
others=()
stop_others() {
    local process
    for process in "${others[@]}"; do kill "$process" 2>/dev/null || true; done
}
trap 'stop_others; clean_up' EXIT
keep_server() {
    others+=("$server")
    server=
}
run() { "$deltaic" "$@" >/dev/null 2>>"$work/log" || { cat "$work/log" >&2; exit 1; }; }

export DELTAIC_HOME=$work/empty
run init
start_server --anonymous-read
empty=$url
keep_server

for version in 0 1 2 3; do python3 "$check/hostile_model.py" "$work/hostile$version" "$version"; done
# More than a page of a list has.
export DELTAIC_HOME=$work/many
run init
for number in $(seq -f %03g 101); do run base add "$work/hostile0" --name "bulk/m$number"; done
start_server --anonymous-read
many=$url
keep_server

export DELTAIC_HOME=$work/main
run init
run base add "$models/all-MiniLM-L6-v2" --name minilm
run base add "$models/all-MiniLM-L6-v2-bf16" --name minilm-bf16
run register "$models/sre-embedding-model" --name acme/sre --base minilm --task retrieval --tag prod
# The same weights with another card and a changed line.
cp -r "$models/sre-embedding-model" "$work/again"
sed -i 's/"hidden_size":/"hidden_size" :/' "$work/again/config.json"
printf '\n## Extra\n\nA line more.\n' >>"$work/again/README.md"
run register "$work/again" --name acme/sre --base minilm --task retrieval --message "with another card"
run register "$models/sre-embedding-model-bf16" --name acme/sre-bf16 --base minilm-bf16 --task retrieval
for codec in "seeded-sign --ratio 40" bitdelta; do
    # shellcheck disable=SC2086
    run register "$models/sre-embedding-model-bf16" --name acme/small --base minilm-bf16 --task retrieval --codec $codec
done
run register "$models/all-MiniLM-L6-v2-copy" --name someone/minilm-copy --base minilm
# One that could have been a delta.
python3 "$check/near_model.py" "$models/sre-embedding-model-bf16" "$work/near"
run base add "$work/near" --name lonely/near
for version in 1 2; do
    # Scores of the same command, each with its own.
    echo "0.9$version" >"$work/score"
    run evaluate "acme/small@v$version" --command "cat $work/score"
done
shown=
if [[ -n $shots ]]; then
    cp -r "$work/main" "$work/shown"
    export DELTAIC_HOME=$work/shown
    start_server --anonymous-read
    shown=$url
    keep_server
    export DELTAIC_HOME=$work/main
fi
# One that tries to be more than it is, one that is garbage, one that is only needed by another, one to be removed.
run base add "$work/hostile0" --name odd/base
run register "$work/hostile1" --name acme/hostile --base odd/base --message '<script>hacked = 1</script> & "more"' \
    --metadata 'from=<b onclick=hacked=1>x</b>'
run register "$work/hostile2" --name acme/hostile --base odd/base
run register "$work/hostile1" --name acme/gone --base odd/base --codec bitdelta
run remove acme/gone
for name in first second; do run register "$work/hostile3" --name "acme/$name" --base odd/base; done
run remove acme/first
for version in 1 2; do run register "$work/hostile$version" --name acme/doomed --base odd/base; done
run evaluate acme/hostile --command "echo '<img src=x onerror=hacked=1>' 0.5"
run task add math --description '<script>hacked = 1</script> & "sums"'
# The same once more, to be changed while others look.
cp -r "$work/main" "$work/changing"
export DELTAIC_HOME=$work/changing
start_server --rate 0 --import-from "$many"
changing=$url
keep_server
export DELTAIC_HOME=$work/main
start_server --rate 0 --import-from "$many"

"$tool/bin/python" "$check/console_check.py" --program "$deltaic" --work "$work" --main "$url" --changing "$changing" \
    --empty "$empty" --many "$many" ${shots:+--shown "$shown" --shots "$shots"}
stop_server
# What no request may do, but for the one import of what is not there.
if grep -E 'level=(error|critical)' "$work/log" | grep -v 'an import failed.* model=bulk/none '; then exit 1; fi
