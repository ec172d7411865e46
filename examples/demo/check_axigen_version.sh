# check_axigen_version, with a stand-in for Axigen's CLI service. Sourced by ../demo.sh.
# shellcheck shell=sh disable=SC2154 # stage, built: set by ../demo.sh

# show_release RELEASE [OPTION...]: the check on a server of this release.
show_release() {
    release=$1
    shift
    rm -f "$stage/cli"
    "$built/examples/axigen_cli" "$stage/cli" "$release" &
    cli_pid=$!
    while [ ! -s "$stage/cli" ]; do
        kill -0 "$cli_pid"
    done
    show check_axigen_version -H 127.0.0.1 -p "$(cat "$stage/cli")" "$@"
    kill "$cli_pid"
    wait "$cli_pid" 2>/dev/null || :
}

printf '\n== check_axigen_version: no hole is known of this release\n'
show_release 10.7.3

printf '\n== check_axigen_version: a release with a known hole, and what is known\n'
show_release 10.6.30 -v

printf '\n== check_axigen_version: an older line, kept on purpose\n'
show_release 10.5.57 --minimum 10.5.57,10.6.41,10.7.3

printf '\n== check_axigen_version: nobody listens\n'
show check_axigen_version -H 127.0.0.1 -p 1
