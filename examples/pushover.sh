# A stand-in for Pushover and a phone, and the configuration for it. Read by the parts of the demo that send messages.
# shellcheck shell=sh disable=SC2154 # stage, built: set by demo.sh

phone=$built/examples/pushover_phone

# start_phone [--down]: starts the stand-in and puts its address into $url.
start_phone() {
    rm -f "$stage/url"
    "$phone" "$stage/url" "$@" &
    phone_pid=$!
    while [ ! -s "$stage/url" ]; do
        kill -0 "$phone_pid"
    done
    url=$(cat "$stage/url")
}

stop_phone() {
    kill "$phone_pid"
    wait "$phone_pid" 2>/dev/null || :
}

cat >"$stage/pushover.toml" <<'TOML'
token = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
[users]
alice = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
TOML
chmod 640 "$stage/pushover.toml"

pushover() {
    program=$1
    shift
    printf '\n$ %s' "$program"
    for word; do
        case $word in
        *[!A-Za-z0-9=:.,_-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    echo
    run "$program" --config "$stage/pushover.toml" --spool-dir "$stage/spool" --api-url "$url" "$@"
}
