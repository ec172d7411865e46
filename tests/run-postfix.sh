#!/bin/sh
# Runs a private postfix in the foreground, in a mount namespace of its own: the host sees none of it.
#
#   unshare --mount tests/run-postfix.sh UNPACKED INSTANCE     INSTANCE/etc has main.cf and master.cf
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
unpacked=$1 instance=$2

cp /etc/passwd /etc/group "$instance"
grep -q '^postfix:' "$instance/passwd" || echo 'postfix:x:64995:64995::/nonexistent:/usr/sbin/nologin' >>"$instance/passwd"
grep -q '^postfix:' "$instance/group" || echo 'postfix:x:64995:' >>"$instance/group"
grep -q '^postdrop:' "$instance/group" || echo 'postdrop:x:64996:' >>"$instance/group"
mount --bind "$instance/passwd" /etc/passwd
mount --bind "$instance/group" /etc/group
mount -t overlay postfix -o "lowerdir=$unpacked/usr:/usr" /usr

mkdir -p "$instance/spool" "$instance/data" "$instance/log"
chown postfix "$instance/data"
postfix -c "$instance/etc" check
exec /usr/lib/postfix/sbin/master -c "$instance/etc" -d
