#!/bin/sh
# Prints the bill of materials of the programs for MACHINE, x86_64 or aarch64: CycloneDX 1.5 in JSON, the same for the same
# commit. What only builds them is marked as excluded.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 MACHINE" >&2; exit 64; }
cd "$(dirname "$0")/.."
file=sbom-of-$1
trap 'rm -f "$file.json"' EXIT
# The time leaves the random serial number out.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} \
    cargo cyclonedx -qq --format json --spec-version 1.5 --target "$1-unknown-linux-gnu" --override-filename "$file"
# Our own crate goes by its place on this machine.
sed "s|path+file://$PWD#\(monitoring-plugins-axigen@\)\?|pkg:cargo/monitoring-plugins-axigen@|g; s|?download_url=file://[^\"]*||g" "$file.json"
