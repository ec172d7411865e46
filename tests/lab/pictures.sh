#!/bin/sh
# Takes the pictures of the docs: the programs, built, and the examples in a Debian with Icinga Web 2 and Chromium, on
# stand-ins of what they watch. As root; nothing in it reaches a network. Look at the pictures before you commit them.
#
#   tests/lab/pictures.sh     writes docs/img/*.png
set -eu
cd "$(dirname "$0")/../.."
built=${CARGO_TARGET_DIR:-target}/debug
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
root=$scratch/root
mkdir "$root"
tests/lab/root.sh "$root" chromium curl fonts-dejavu-core fonts-noto-color-emoji icinga2 icingadb icingadb-web icingaweb2 iproute2 \
    mariadb-server monitoring-plugins-basic php-cli php-curl php-intl php-mysql redis-server

mkdir -p "$root/lab/bin" "$root/etc/monitoring-plugins-axigen"
for source in src/bin/*.rs; do
    cp "$built/$(basename "$source" .rs)" "$root/usr/lib/nagios/plugins/"
done
for source in examples/*_*.rs; do
    cp "$built/examples/$(basename "$source" .rs)" "$root/lab/bin/"
done
cp examples/sample-queue.sh tests/lab/icinga-web.sh tests/lab/pictures-inside.sh "$root/lab/"
cp packaging/examples/icinga2/axigen.conf "$root/lab/"
cp packaging/icinga2/monitoring-plugins-axigen.conf "$root/lab/commands.conf"
# Chromium wants a few devices.
mkdir -p "$root/dev/shm"
for device in null zero random urandom; do
    [ -e "$root/dev/$device" ] || cp -a "/dev/$device" "$root/dev/"
done
unshare --net tests/lab/inside.sh "$root" /lab/pictures-inside.sh
mkdir -p docs/img
for picture in "$root"/lab/*.png; do
    [ "$(stat -c %s "$picture")" -lt 200000 ] || { echo "$(basename "$picture") is too large" >&2; exit 1; }
    cp "$picture" docs/img/
done
ls -l docs/img
