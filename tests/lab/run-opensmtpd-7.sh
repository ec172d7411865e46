#!/bin/sh
# Runs a private OpenSMTPD 7 in the foreground, in the Debian that fetch-opensmtpd.sh made.
#
#   unshare --mount tests/lab/run-opensmtpd-7.sh ROOT INSTANCE     INSTANCE has smtpd.conf and key.pem, as /srv
set -eu
[ $# -eq 2 ] || { echo "usage: $0 ROOT INSTANCE" >&2; exit 64; }
chmod 600 "$2/key.pem"
mount --bind "$2" "$1/srv"
mount --bind /dev "$1/dev"
# It would wait long for the name of each address.
echo 'nameserver 127.0.0.1' >"$2/resolv.conf"
mount --bind "$2/resolv.conf" "$1/etc/resolv.conf"
# What another run left there would be taken for a running server.
mount -t tmpfs run "$1/run"
mkdir -p "$1/var/spool/smtpd"
mount -t tmpfs spool "$1/var/spool/smtpd"
chmod 711 "$1/var/spool/smtpd"
exec chroot "$1" /usr/sbin/smtpd -d -f /srv/smtpd.conf
