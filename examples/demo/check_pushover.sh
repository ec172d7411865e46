# check_pushover, with a stand-in for Pushover and a phone. Read by examples/demo.sh.
# shellcheck shell=sh source=examples/pushover.sh
. "${examples:?}/pushover.sh"

printf '\n== check_pushover: a message was sent, and there is room for more this month\n'
start_phone
pushover notify_pushover --message 'alerts reach the phone'
pushover check_pushover --quota --validate
stop_phone

printf '\n== check_pushover: Pushover is down, and a message waits\n'
start_phone --down
pushover notify_pushover --message 'the disk of mail01 is full' --timeout 2
pushover check_pushover --warning 0 --critical 600
stop_phone
rm -r "$stage/spool"
