#!/bin/sh
# Runs a private OpenSMTPD 7 in the foreground, in the Debian that fetch-opensmtpd.sh made.
#
#   unshare --mount tests/lab/run-opensmtpd-7.sh ROOT INSTANCE     INSTANCE has smtpd.conf and key.pem, as /srv
set -eu
[ $# -eq 2 ] || { echo "usage: $0 ROOT INSTANCE" >&2; exit 64; }
chmod 600 "$2/key.pem"
mount --bind "$2" "$1/srv"
exec "$(dirname "$0")/inside.sh" "$1" /usr/sbin/smtpd -d -f /srv/smtpd.conf
