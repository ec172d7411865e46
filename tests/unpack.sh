#!/bin/sh
# Unpacks Debian's postfix into DIR for the tests, with the libraries this machine lacks. Nothing is installed: the mail
# servers of Debian exclude one another, and a test must not replace the one a host has.
#
#   tests/unpack-postfix.sh DIR
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 64; }
mkdir -p "$1"
exec 9>"$1/lock"
flock 9
[ ! -e "$1/unpacked" ] || exit 0
cd "$1"

get() { apt-get -qq -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root "$@"; }

packages=postfix
for library in libdb5.3 libicu72 libnsl2 libtirpc3 libsasl2-2 libssl3; do
    dpkg-query -W -f '${Status}' "$library" 2>/dev/null | grep -q ' installed' || packages="$packages $library"
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
