# For scripts that need a server: `source scripts/server.sh`. They set $deltaic, $work (a folder of their own) and DELTAIC_HOME.
# The server and the folder go when the script ends; $work/log has the server's log.
server=
url=

# start_server OPTIONS...: starts `deltaic serve` on a free port, in the place of one that runs, and sets $url.
start_server() {
    stop_server
    mkfifo "$work/pipe"
    "$deltaic" serve --listen 127.0.0.1:0 --json "$@" >"$work/pipe" 2>>"$work/log" &
    server=$!
    url=$(timeout 60 sed -n 's/.*"url" : "\(.*\)".*/\1/p;/^}/q' "$work/pipe")
    rm "$work/pipe"
    [[ -n $url ]] || { cat "$work/log" >&2; exit 1; }
}

# stop_server: fails if the server does not end well.
stop_server() {
    [[ -n $server ]] || return 0
    local process=$server
    server=
    kill "$process"
    wait "$process" || { echo "error: the server did not stop cleanly" >&2; exit 1; }
}

# new_token NAME OPTIONS...: prints the secret of a new token.
new_token() {
    "$deltaic" token add "$@" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])'
}

clean_up() {
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
