#!/bin/sh
# Runs a command that asks another name server than the host does.
#
#   unshare --mount tests/with-resolver.sh RESOLV.CONF COMMAND [ARGUMENT]...
set -eu
[ $# -ge 2 ] || { echo "usage: $0 RESOLV.CONF COMMAND [ARGUMENT]..." >&2; exit 64; }
mount --bind "$1" /etc/resolv.conf
shift
exec "$@"
