#!/bin/sh
# Runs a private clamsmtpd in the foreground, as the account of clamd, which reads its files.
#
#   unshare --mount tests/lab/run-clamsmtp.sh UNPACKED INSTANCE     INSTANCE has clamsmtpd.conf
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/../private-host.sh"
private_host "$1" "$2" clamav:64994
mkdir -p "$2/tmp"
chown clamav "$2/tmp"
exec clamsmtpd -d 1 -f "$2/clamsmtpd.conf" >"$2/clamsmtpd.out" 2>&1
