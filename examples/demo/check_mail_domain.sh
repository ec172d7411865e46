# check_mail_domain, with a stand-in for a domain. Sourced by ../demo.sh.
# shellcheck shell=sh disable=SC2154 # stage, built: set by ../demo.sh

# published STATE [OPTION]...: shows the check on a domain in this state.
published() {
    rm -f "$stage/resolver"
    "$built/examples/published_domain" "$stage" "$1" 2>"$stage/published.error" &
    published_pid=$!
    shift
    while [ ! -s "$stage/resolver" ]; do
        # Ports 25 and 443 are for root.
        kill -0 "$published_pid" 2>/dev/null || { cat "$stage/published.error"; return 0; }
    done
    show check_mail_domain -d own.example --dns-server "$(cat "$stage/resolver")" --ca-file "$stage/ca.pem" "$@"
    kill "$published_pid"
    wait "$published_pid" 2>/dev/null || :
}

printf '\n== check_mail_domain: what is published fits the mail server\n'
published good -v

printf '\n== check_mail_domain: the certificate was renewed with a new key, and its record forgotten\n'
published renewed

printf '\n== check_mail_domain: the policy does not name the mail server\n'
published moved

printf '\n== check_mail_domain: a resolver that is none\n'
show check_mail_domain -d own.example --dns-server 127.0.0.1:1
