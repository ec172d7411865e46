# notify_pushover, with a stand-in for Pushover and a phone. Read by examples/demo.sh.
# shellcheck shell=sh source=examples/pushover.sh
. "${examples:?}/pushover.sh"

printf '\n== notify_pushover: one line, an emergency and its end\n'
start_phone
pushover notify_pushover --message 'mail01: 143 messages wait in the queue'
pushover notify_pushover --type PROBLEM --host-name mail01 --service-name 'Axigen queue' \
    --service-state CRITICAL --host-address 10.0.0.5 --last-state WARNING --duration 840 --emergency CRITICAL \
    --output 'AXIGEN QUEUE CRITICAL - 143 messages | messages=143;100;140;0'
pushover notify_pushover --type RECOVERY --host-name mail01 --service-name 'Axigen queue' --service-state OK \
    --emergency CRITICAL --output 'AXIGEN QUEUE OK - 12 messages | messages=12;100;140;0'
stop_phone

printf '\n== notify_pushover: Pushover is down, and the alert waits\n'
start_phone --down
pushover notify_pushover --message 'the disk of mail01 is full' --timeout 2
stop_phone

printf '\n== notify_pushover: Pushover is up again, and both alerts arrive, in order\n'
start_phone
# What the timer does every minute, as soon as five seconds have passed since the failure.
pushover notify_pushover --message 'mail02 is down'
stop_phone

printf '\n== notify_pushover: acknowledged on the phone, acknowledged in the core\n'
mkdir "$stage/rw"
mkfifo "$stage/rw/nagios.cmd"
printf '[acknowledge]\ncommand-file = "%s"\n' "$stage/rw/nagios.cmd" >>"$stage/pushover.toml"
# What Nagios writes down every ten seconds.
cat >"$stage/status.dat" <<'STATUS'
info {
	created=4102444800
	}
servicestatus {
	host_name=mail01
	service_description=Axigen queue
	current_state=2
	last_hard_state_change=1
	problem_has_been_acknowledged=0
	}
STATUS
# Nagios, which reads its commands.
exec 9<>"$stage/rw/nagios.cmd"
start_phone
pushover notify_pushover --type PROBLEM --host-name mail01 --service-name 'Axigen queue' \
    --service-state CRITICAL --emergency CRITICAL --output 'AXIGEN QUEUE CRITICAL - 143 messages'
pushover notify_pushover poll
read -r line <&9
echo "  Nagios is told: $line"
exec 9<&-
stop_phone
