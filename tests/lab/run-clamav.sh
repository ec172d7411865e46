#!/bin/sh
# Runs a private clamd and clamav-milter in the foreground.
#
#   unshare --mount tests/lab/run-clamav.sh UNPACKED INSTANCE     INSTANCE has clamd.conf, milter.conf and db/
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/../private-host.sh"
private_host "$1" "$2" clamav:64994
mkdir -p "$2/tmp"
chown -R clamav "$2/db" "$2/tmp"
clamd -c "$2/clamd.conf" >"$2/clamd.out" 2>&1 &
clamd=$!
# A milter that is there first looks for its scanner again only much later.
listening=$(printf ':%04X 00000000:0000 0A' "$(sed -n 's/^TCPSocket //p' "$2/clamd.conf")")
until grep -q "$listening" /proc/net/tcp; do kill -0 "$clamd"; done
clamav-milter -c "$2/milter.conf" >"$2/milter.out" 2>&1 &
milter=$!
# One without the other is of no use; `wait` ends at a signal.
trap 'kill "$clamd" "$milter" 2>/dev/null; wait; exit' TERM
wait "$clamd" || :
kill "$milter"
