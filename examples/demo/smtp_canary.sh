# smtp_canary and check_smtp_forced_tls --canary, with a stand-in for your own mail server. Sourced by ../demo.sh.
# shellcheck shell=sh disable=SC2154 # stage, built: set by ../demo.sh

server=$built/examples/handing_on_server

# canary RULE: hands a canary mail to a server with this rule, waits until it has come, and shows what the check says.
canary() {
    rm -f "$stage/port"
    mkdir "$stage/canary" "$stage/canary/tokens" "$stage/canary/seen" "$stage/canary/key"
    "$server" "$stage/port" "$1" canary &
    server_pid=$!
    while [ ! -s "$stage/port" ]; do
        kill -0 "$server_pid"
    done
    read -r own sink <"$stage/port"
    set -- check_smtp_forced_tls -H 127.0.0.1 -p "$own" --sender monitor@own.example \
        --canary canary.example --canary-state canary --canary-port "$sink" --helo monitor.own.example
    show "$@"
    while [ -z "$(find canary/seen -name '*.encrypted.*' -o -name '*.in-the-clear.*')" ]; do
        kill -0 "$server_pid"
    done
    show "$@" -v
    kill "$server_pid"
    wait "$server_pid" 2>/dev/null || :
    # A connection that was under way may still write its key there.
    until rm -rf "$stage/canary" 2>/dev/null; do
        :
    done
}

printf '\n== smtp_canary: a mail that must leave encrypted waits where there is no TLS, and comes when there is\n'
canary encrypt

printf '\n== smtp_canary: without the rule it comes in the clear\n'
canary none
