#!/bin/sh
# Runs a private exim in the foreground.
#
#   unshare --mount tests/lab/run-exim.sh UNPACKED INSTANCE     INSTANCE has exim.conf and key.pem; interval between runs of the queue
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/../private-host.sh"
private_host "$1" "$2" Debian-exim:64997
mkdir -p "$2/spool" "$2/log"
chown -R Debian-exim "$2/spool" "$2/log" "$2/key.pem"
exec exim4 -C "$2/exim.conf" -bdf -q"$(cat "$2/interval" 2>/dev/null || echo 30m)"
