#!/bin/sh
# Lays a Debian 13 with OpenSMTPD 7 into DIR: the one of Debian 12 breaks every handshake. Needs root.
#
#   tests/lab/fetch-opensmtpd.sh DIR
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 64; }
mkdir -p "$1"
exec 9>"$1.lock"
flock 9
[ ! -e "$1/unpacked" ] || exit 0
SUITE=trixie "$(dirname "$0")/root.sh" "$1" opensmtpd ca-certificates
: >"$1/unpacked"
