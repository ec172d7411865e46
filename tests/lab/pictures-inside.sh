#!/bin/sh
# Inside a Debian with Icinga DB Web and Chromium: the shipped example on stand-ins, and pictures of it. See pictures.sh.
set -eu
cd /lab
ip link set lo up
echo '127.0.0.1 localhost lab' >/etc/hosts
# shellcheck source=tests/lab/icinga-web.sh
. ./icinga-web.sh
start_databases

# stand_in FILE PROGRAM [ARGUMENT...]: starts it and waits for the file in which it says where it is.
stand_in() {
    file=$1
    shift
    "$@" >"$file.log" 2>&1 &
    while [ ! -s "$file" ]; do
        kill -0 "$!"
    done
}
stand_in accepting bin/accepting_server accepting full
stand_in cli bin/axigen_cli cli 10.7.3
stand_in mail bin/mail_server mail ssl2
stand_in rule bin/forced_tls_server rule good
stand_in scanning bin/scanning_server scanning
stand_in resolver bin/published_domain . good
stand_in phone bin/pushover_phone phone
./sample-queue.sh /var/opt/axigen/queue 80 '20 minutes'
./sample-queue.sh /var/opt/axigen/queue 40 '6 hours'

cat >/etc/monitoring-plugins-axigen/pushover.toml <<EOF
token = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
api-url = "$(cat phone)"
[users]
duty = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
EOF
chgrp nagios /etc/monitoring-plugins-axigen/pushover.toml
chmod 640 /etc/monitoring-plugins-axigen/pushover.toml
install -d -o nagios -g nagios -m 700 /var/spool/monitoring-plugins-axigen

# What the shipped example leaves to the host: where the stand-ins are, and what is to be watched.
cat >vars <<EOF
  vars.smtp_recipient = "postmaster@own.example"
  vars.axigen_smtp_accept_port = $(cat accepting)
  vars.axigen_version_port = $(cat cli)
  vars.axigen_smtp_tls_port = $(cat mail)
  vars.axigen_smtp_tls_ca_file = "/lab/mail.pem"
  vars.forced_tls_domains = [ "partner.example" ]
  vars.forced_tls_recipient = "probe@own.example"
  vars.axigen_smtp_forced_tls_port = $(cat rule)
  vars.axigen_smtp_malware_port = $(cat scanning)
  vars.axigen_smtp_malware_recipient = "virustest@own.example"
  vars.axigen_smtp_malware_allow_recipient_domain = "own.example"
  vars.mail_domain = "own.example"
  vars.axigen_mail_domain_dns_server = "$(cat resolver)"
  vars.axigen_mail_domain_ca_file = "/lab/ca.pem"
EOF
# The first result counts, one service shows all it has seen, and nobody stands in for 587 and 465.
sed -i -e '/vars.smtp_recipient = /{
r vars
d
}' -e 's/smtp_submission_ports = .*/smtp_submission_ports = [ ]/' -e 's/max_check_attempts = [0-9]*/max_check_attempts = 1/' -e '/^apply Service "smtp-tls" {/a\
  vars.axigen_smtp_tls_verbose = true' axigen.conf
cat >others.conf <<'EOF'
object Host NodeName {
  import "generic-host"
  address = "127.0.0.1"
}
EOF
# Nothing is checked before it is asked for, below.
echo 'object IcingaApplication "app" { enable_host_checks = false, enable_service_checks = false }' >/etc/icinga2/conf.d/app.conf
# The account that pings.
echo '0 2147483647' >/proc/sys/net/ipv4/ping_group_range
start_icinga
start_web
wait_for_icinga
# act ACTION TYPE FILTER MORE
act() {
    api "actions/$1" -X POST -d "{\"type\":\"$2\",\"filter\":\"$3\",$4}" >/dev/null
}
# All was well before.
act process-check-result Service true '"exit_status":0,"plugin_output":"OK"'
act reschedule-check Host true '"force":true'
act reschedule-check Service true '"force":true'
count=$(icinga2 object list --type Service | grep -c "^Object '")
are_known() {
    known=$(sql icingadb -e "select count(*) from service_state where soft_state < 4 and is_reachable = 'y' and output != '' and output != 'OK'")
    [ "$known" -eq "$count" ]
}
wait_for 'all states in Icinga DB' are_known
# The full disk and the queue.
are_told() { grep -q 'rings until' phone.log && grep -q axigen-queue phone.log; }
wait_for 'the phone' are_told
# Now that something was sent.
act reschedule-check Service 'service.name==\"axigen-pushover\"' '"force":true'
is_well() { sql icingadb -e "select output from service_state" | grep -q '^PUSHOVER OK'; }
wait_for 'the way to the phone' is_well

{
    echo '<!doctype html><meta charset=utf-8><style>
body { margin: 0; padding: 14px; background: #22303f; font: 14px "DejaVu Sans"; color: #1b1b1b }
p { margin: 0 0 10px; padding: 10px 12px; border-radius: 12px; background: #f4f4f6; white-space: pre-line }
i { color: #666; font-size: 12px } small { color: #aab6c3 }</style>'
    sed -n '/┌─.*: smtp$/,/└─/p; /┌─.*: axigen-queue$/,/└─/p' phone.log | sed -e 's/&/\&amp;/g; s/</\&lt;/g' -e 's|^  ┌─ \(.*\)|<p><b>\1</b>|; s|^  │ ||; s|^  └─ \(.*\)|<i>\1</i></p>|'
    echo '<small>Drawn from what notify_pushover sent to a stand-in for Pushover.</small>'
} >phone.html

# picture NAME WIDTH HEIGHT URL
picture() {
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir=/lab/chromium \
        --window-size="$2,$3" --virtual-time-budget=8000 --screenshot="/lab/$1.png" "$4" >chromium.log 2>&1
    [ -s "/lab/$1.png" ] || { cat chromium.log >&2; exit 1; }
}
picture services 1000 650 "$host/icingadb/services?sort=service.state.severity%20desc&view=common"
picture service 1000 760 "$host/icingadb/service?name=smtp-tls&host.name=mail01"
picture phone 420 300 file:///lab/phone.html
