#!/bin/sh
# Runs a private rspamd in the foreground.
#
#   unshare --mount tests/lab/run-rspamd.sh UNPACKED INSTANCE     INSTANCE has rspamd.conf
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/../private-host.sh"
private_host "$1" "$2" _rspamd:64991
mkdir -p "$2/run"
chown _rspamd "$2/run"
exec rspamd -f -u _rspamd -g _rspamd -c "$2/rspamd.conf" >"$2/rspamd.out" 2>&1
