#!/bin/sh
# Runs a command in the tree DIR with processes of its own, which end with it.
#
#   tests/lab/inside.sh DIR COMMAND...
set -eu
[ $# -ge 2 ] || { echo "usage: $0 DIR COMMAND..." >&2; exit 64; }
root=$1
shift
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive \
    unshare --mount --pid --fork --kill-child --root="$root" --mount-proc "$@"
