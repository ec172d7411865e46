#!/bin/sh
# Runs a private name server in the foreground.
#
#   unshare --mount tests/run-nsd.sh UNPACKED INSTANCE     INSTANCE has nsd.conf and the zone
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/private-host.sh"
private_host "$1" "$2"
exec nsd -d -c "$2/nsd.conf"
