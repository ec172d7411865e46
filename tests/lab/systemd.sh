#!/bin/sh
# Lays a Debian with systemd into the empty directory DIR and boots it in a network of its own, until this process is killed. To
# NOTIFY_SOCKET it says X_NSPAWN_LEADER_PID= and READY=1. Needs root and systemd-nspawn.
#
#   [SUITE=trixie] tests/lab/systemd.sh DIR
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 64; }
here=$(dirname "$0")
"$here/root.sh" "$1" acl adduser ca-certificates dbus systemd systemd-sysv
# This is not its first boot, which asks for names and passwords.
tr -d - </proc/sys/kernel/random/uuid >"$1/etc/machine-id"
if [ ! -d /run/systemd/system ]; then
    # No systemd here gives it a control group of its own.
    hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    mkdir "$hierarchy/lab-$$"
    echo $$ >"$hierarchy/lab-$$/cgroup.procs"
    set -- "$1" --keep-unit
fi
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
directory=$1
shift
exec systemd-nspawn --quiet --directory="$directory" --machine="lab-$$" --boot --register=no --private-network --console=pipe \
    --notify-ready=yes "$@" </dev/null
