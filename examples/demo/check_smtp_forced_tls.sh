# check_smtp_forced_tls, with a stand-in for a mail server. Sourced by ../demo.sh.
# shellcheck shell=sh disable=SC2154 # stage, built: set by ../demo.sh

server=$built/examples/forced_tls_server

# forced_tls RULE [OPTION]...: shows the check on a server with this rule.
forced_tls() {
    rm -f "$stage/port"
    "$server" "$stage/port" "$1" &
    server_pid=$!
    shift
    while [ ! -s "$stage/port" ]; do
        kill -0 "$server_pid"
    done
    show check_smtp_forced_tls -H 127.0.0.1 -p "$(cat "$stage/port")" --recipient probe@own.example \
        --domain partner.example "$@"
    kill "$server_pid"
    wait "$server_pid" 2>/dev/null || :
}

printf '\n== check_smtp_forced_tls: mail of the partner must be encrypted, that of others need not\n'
forced_tls good --control-domain other.example -v

printf '\n== check_smtp_forced_tls: the rule is gone\n'
forced_tls none

printf '\n== check_smtp_forced_tls: whoever writes the domain in upper case gets through\n'
forced_tls case

printf '\n== check_smtp_forced_tls: refused on every way, which shows nothing of the rule\n'
forced_tls spf
