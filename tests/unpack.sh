#!/bin/sh
# Unpacks Debian packages into DIR for the tests. Nothing is installed: the mail servers of Debian exclude one another,
# and a test must not replace the one a host has.
#
#   tests/unpack.sh DIR PACKAGE...     a library (lib...) that this machine has is left out
set -eu
[ $# -ge 2 ] || { echo "usage: $0 DIR PACKAGE..." >&2; exit 64; }
dir=$1
shift
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
[ ! -e "$dir/unpacked" ] || exit 0
cd "$dir"

get() { apt-get -qq -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root "$@"; }

packages=
for package; do
    case $package in
    lib*) dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed' || packages="$packages $package" ;;
    *) packages="$packages $package" ;;
    esac
done
# shellcheck disable=SC2086 # one word a package
get download $packages || { get update; get download $packages; }
for package in ./*.deb; do
    dpkg -x "$package" .
done
rm -f ./*.deb
# /lib is a link to /usr/lib where this is used.
[ ! -d lib ] || cp -a lib/. usr/lib/
: >unpacked
