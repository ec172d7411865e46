# check_smtp_tls on a good mail server, on one with SSLv2 and on one whose certificate has expired. Sourced by ../demo.sh.
# shellcheck shell=sh disable=SC2154 # stage, built: set by ../demo.sh

mail_server=$built/examples/mail_server

# show_server KIND [OPTION...]: the check on a stand-in of this kind. The name is that of the authority's file.
show_server() {
    kind=$1
    shift
    rm -f "$stage/$kind"
    "$mail_server" "$stage/$kind" "$kind" &
    server_pid=$!
    while [ ! -s "$stage/$kind" ]; do
        kill -0 "$server_pid"
    done
    show check_smtp_tls -H 127.0.0.1 -p "$(cat "$stage/$kind")" --ca-file "$kind.pem" "$@"
    kill "$server_pid"
    wait "$server_pid" 2>/dev/null || :
}

printf '\n== check_smtp_tls: a good server\n'
show_server good -v

printf '\n== check_smtp_tls: SSLv2 is switched on, beside all that is good\n'
show_server ssl2

printf '\n== check_smtp_tls: the certificate has expired; the quick scan sees it every hour\n'
show_server expired --quick
