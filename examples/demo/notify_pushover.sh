# notify_pushover and check_pushover, with a stand-in for Pushover and a phone. Sourced by ../demo.sh.
# shellcheck shell=sh disable=SC2154 # stage, examples, release: set by ../demo.sh

phone=$release/examples/pushover_phone
case $phone in /*) ;; *) phone=$examples/../$phone ;; esac

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

printf '\n== notify_pushover: one line, an emergency and its end; check_pushover: the way works\n'
start_phone
pushover notify_pushover --message 'AXIGEN Queue Alarm: 143 Mails in der Queue'
pushover notify_pushover --type PROBLEM --host-name mail01 --service-name 'Axigen queue' \
    --service-state CRITICAL --host-address 10.0.0.5 --last-state WARNING --duration 840 --emergency CRITICAL \
    --output 'AXIGEN QUEUE CRITICAL - 143 messages | messages=143;100;140;0'
pushover notify_pushover --type RECOVERY --host-name mail01 --service-name 'Axigen queue' --service-state OK \
    --emergency CRITICAL --output 'AXIGEN QUEUE OK - 12 messages | messages=12;100;140;0'
pushover check_pushover --quota
stop_phone

printf '\n== notify_pushover: Pushover is down, and the alert waits\n'
start_phone --down
pushover notify_pushover --message 'the disk of mail01 is full' --timeout 2
stop_phone

printf '\n== notify_pushover: Pushover is up again, and both alerts arrive, in order\n'
start_phone
pushover check_pushover
# What the timer does every minute, as soon as five seconds have passed since the failure.
pushover notify_pushover --message 'mail02 is down'
stop_phone
