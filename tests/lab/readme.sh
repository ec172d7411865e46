#!/bin/bash
# Follows the pages about installation and the cores, command by command in a Debian of its own. After `make packages`.
set -euo pipefail
cd "$(dirname "$0")/../.."
packages=${CARGO_TARGET_DIR:-target}/packages

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root
mkdir "$root"
chmod 755 "$scratch"
# The cores, and the part of systemd that is of use without a running one.
tests/lab/root.sh "$root" ca-certificates cron icinga2-bin icinga2-common nagios-nrpe-server nagios4-core \
    systemd-standalone-tmpfiles
inside() { tests/lab/inside.sh "$root" "$@"; }
as_nagios() { inside setpriv --reuid nagios --regid nagios --init-groups "$@"; }
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# No systemd runs here: units must be there, and nothing happens.
cat >"$root/usr/local/bin/systemctl" <<'END'
#!/bin/sh
for unit; do :; done
case $unit in *.*) ;; *) unit=$unit.service ;; esac
[ -e "/lib/systemd/system/$unit" ] || { echo "no unit $unit" >&2; exit 1; }
END
chmod 755 "$root/usr/local/bin/systemctl"
# Nothing must leave this machine: Pushover is not to be reached.
echo '127.0.0.1 localhost api.pushover.net' >"$root/etc/hosts"
cp /etc/resolv.conf "$root/etc/"

# A queue as Axigen keeps it: closed to others.
install -d -m 700 "$root/var/opt/axigen/queue/00"
install -m 600 /dev/null "$root/var/opt/axigen/queue/00/S1"
install -d "$root/home" "$root/etc/tmpfiles.d"
cp "$packages/monitoring-plugins-axigen_"*.deb "$root/home/"
chmod 755 "$root/home"/*.deb

awk '/^```sh$/{inside = 1; next} /^```$/{inside = 0} inside' \
    docs/install.md docs/icinga.md docs/nagios.md docs/nrpe-cron.md docs/checkmk-zabbix-prometheus.md >"$root/home/commands"
[ "$(grep -c . "$root/home/commands")" -ge 18 ] || fail 'the pages have fewer commands than they had'
cat "$root/home/commands"
inside sh -c 'cd /home && exec sh -eux commands'

echo '-- what came of it'
said=$(as_nagios /usr/lib/nagios/plugins/check_axigen_queue) || fail "$said"
[[ $said = 'AXIGEN QUEUE OK - 1 message'* ]] || fail "$said"
as_nagios cat /var/opt/axigen/queue/00/S1 2>/dev/null && fail 'nagios reads messages'
[ "$(inside stat -c '%U:%G %a' /etc/monitoring-plugins-axigen/pushover.toml)" = 'root:nagios 640' ] || fail 'rights of pushover.toml'
inside icinga2 object list --type Service --name axigen-queue | grep "check_command = \"axigen_queue\"" >/dev/null || fail 'no service in Icinga'
grep -q '^enable_environment_macros=1$' "$root/etc/nagios4/nagios.cfg" || fail 'no environment macros in Nagios'

# What cron would run. The phone cannot be reached, so the message waits.
for number in $(seq 101); do
    : >"$root/var/opt/axigen/queue/00/S$(printf %X "$number")"
done
grep '^\*/10' "$root/etc/cron.d/axigen-queue" | sed 's/^[^ ]* \* \* \* \* nagios  //' >"$root/home/cron"
as_nagios sh /home/cron && fail 'a message that waits is a success'
waiting=$(find "$root/var/spool/monitoring-plugins-axigen" -name '[0-9]*.json')
[ "$(grep -c . <<<"$waiting")" = 1 ] || fail "waiting: $waiting"
grep -q '101 messages' "$waiting" || fail 'the message says something else'
echo 'readme: passed'
