#!/bin/sh
# Runs a private OpenSMTPD in the foreground.
#
#   unshare --mount tests/lab/run-opensmtpd.sh UNPACKED INSTANCE     INSTANCE has smtpd.conf and key.pem
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/../private-host.sh"
private_host "$1" "$2" opensmtpd:64998 opensmtpq:64999
chmod 600 "$2/key.pem"
mkdir -p "$2/run"
mount --bind "$2/run" /run
mount -t tmpfs var /var
mkdir -p /var/empty /var/run /var/spool/smtpd /var/lib/opensmtpd/empty
chmod 711 /var/spool/smtpd
exec smtpd -d -f "$2/smtpd.conf"
