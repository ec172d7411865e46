#!/bin/sh
# Runs a private postfix in the foreground.
#
#   unshare --mount tests/run-postfix.sh UNPACKED INSTANCE     INSTANCE/etc has main.cf and master.cf
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/private-host.sh"
private_host "$1" "$2" postfix:64995 postdrop:64996
mkdir -p "$2/spool" "$2/data" "$2/log"
chown postfix "$2/data"
# Where it asks a resolver of its own.
[ ! -e "$2/resolv.conf" ] || mount --bind "$2/resolv.conf" "$(readlink -f /etc/resolv.conf)"
postfix -c "$2/etc" check
exec /usr/lib/postfix/sbin/master -c "$2/etc" -d
