#!/bin/sh
# Builds the Debian package of the programs in BINDIR into OUT, for every glibc from GLIBC on if that is given.
#
#   packaging/build-deb.sh BINDIR OUT [GLIBC]
set -eu
[ $# -ge 2 ] || { echo "usage: $0 BINDIR OUT [GLIBC]" >&2; exit 64; }
# shellcheck source=packaging/common.sh
. "$(dirname "$0")/common.sh"
mkdir -p "$2"
BINDIR=$(cd "$1" && pwd) out=$(cd "$2" && pwd) GLIBC=${3:-}
export BINDIR GLIBC
case $(machine_of "$BINDIR") in
aarch64) architecture=arm64 ;;
*) architecture=amd64 ;;
esac

tree=$work/$name-$version
copy_sources "$tree"
cp -r "$tree/packaging/debian" "$tree/debian"
sed -i "s|@maintainer@|$maintainer|; s|@bugs@|$bugs|" "$tree/debian/control"
changelog deb >"$tree/debian/changelog"
cd "$tree"
# -d: debhelper is checked by its own compat level, and cargo need not be Debian's.
unset MAKEFLAGS MAKELEVEL
dpkg-buildpackage -b -us -uc -d "-a$architecture" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
mv "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out/"
