#!/bin/sh
# Inside a Debian with Icinga DB Web: starts the whole of it on the loopback, has Icinga 2 run the shipped commands for the
# shipped services, and keeps what the pages make of what they say. /lab/outputs/CODE/PROGRAM is what PROGRAM printed when it
# ended with CODE; check_smtp_tls--quick is that program with --quick. /lab/*.conf go to Icinga 2.
#
#   tests/lab/web.sh      needs /lab/icinga-web.sh; afterwards, in /lab: pages/CODE/HOST!SERVICE.html and .code,
#                         perfdata/CODE/HOST!SERVICE, pages/CODE/list, pages/history, pages/notifications alike;
#                         lines: every command line
set -eu
cd /lab
ip link set lo up
echo '127.0.0.1 localhost lab' >/etc/hosts
# shellcheck source=tests/lab/icinga-web.sh
. ./icinga-web.sh

start_databases
cat >say <<'END'
#!/bin/sh
name=${0##*/}
line=$name
for word; do
    line=$line$(printf '\037')$word
done
# In one piece, since others write as well.
printf '%s\n' "$line" >>/lab/lines
case " $* " in *' --quick '*) name=$name--quick ;; esac
code=$(cat /lab/code)
cat "/lab/outputs/$code/$name"
exit "$code"
END
chmod 755 say
plugins=/usr/lib/nagios/plugins
for name in $(find outputs -type f -printf '%f\n' | sort -u); do
    cp say "$plugins/${name%--quick}"
done
ln -s /bin/true $plugins/notify_pushover
install -o nagios -m 644 /dev/null lines
# Every service begins well, so that each state after it is a change.
echo 0 >code
start_icinga
start_web
wait_for_icinga
services=$(icinga2 object list --type Service | sed -n "s/^Object '\(.*\)' of type 'Service':$/\1/p")
count=$(echo "$services" | wc -l)

page() { curl -s -o "$1.html" -w '%{http_code}' "$host/$2" >"$1.code"; }
# are_in CODE: every service has it, with a text.
are_in() {
    known=$(sql icingadb -e "select count(*) from service_state where soft_state = $1 and is_reachable = 'y' and output != ''")
    [ "$known" -eq "$count" ]
}
for code in 0 1 2 3; do
    echo $code >code.new
    mv code.new code
    api actions/reschedule-check -X POST -d '{"type":"Service","filter":"true","force":true}' >rescheduled.json
    wait_for "state $code in Icinga DB" are_in $code
    mkdir -p pages/$code perfdata/$code
    for service in $services; do
        at=${service%%!*}
        name=${service#*!}
        page "pages/$code/$service" "icingadb/service?name=$name&host.name=$at"
        sql -r icingadb -e "select normalized_performance_data from service_state join service on service.id = service_state.service_id join host on host.id = service.host_id where service.name = '$name' and host.name = '$at'" >"perfdata/$code/$service"
    done
    page pages/$code/list 'icingadb/services?view=detailed&limit=500'
done
# The services of mail01 notify, in every state but the first.
told=$((3 * $(echo "$services" | grep -c '^mail01!')))
are_told() {
    known=$(sql icingadb -e 'select count(distinct service_id, state) from notification_history where service_id is not null')
    [ "$known" -ge "$told" ]
}
wait_for 'notifications in Icinga DB' are_told
page pages/history 'icingadb/history?view=detailed&limit=500'
page pages/notifications 'icingadb/notifications?view=detailed&limit=500'
