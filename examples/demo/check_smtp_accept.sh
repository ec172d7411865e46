# check_smtp_accept, with a stand-in for a mail server. Sourced by ../demo.sh.
# shellcheck shell=sh disable=SC2154 # stage, built: set by ../demo.sh

server=$built/examples/accepting_server

# accept_mail HEALTH [OPTION]...: shows the check on a server in this health.
accept_mail() {
    rm -f "$stage/port"
    "$server" "$stage/port" "$1" &
    server_pid=$!
    shift
    while [ ! -s "$stage/port" ]; do
        kill -0 "$server_pid"
    done
    show check_smtp_accept -H 127.0.0.1 -p "$(cat "$stage/port")" --recipient probe@own.example "$@"
    kill "$server_pid"
    wait "$server_pid" 2>/dev/null || :
}

printf '\n== check_smtp_accept: a mail is offered as far as the recipient, and none is sent\n'
accept_mail good -v

printf '\n== check_smtp_accept: the disk is full\n'
accept_mail full

printf '\n== check_smtp_accept: greylisting is no outage\n'
accept_mail greylisting

printf '\n== check_smtp_accept: the scanner is dead, which only a mail shows\n'
accept_mail scanner
accept_mail scanner --deliver --allow-recipient-domain own.example
