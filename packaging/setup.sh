#!/bin/sh
# Installs what building and trying packages needs, and says so before: as root on Debian; elsewhere it names what is missing.
#
#   packaging/setup.sh [release] [COMMAND:PACKAGE]...     release: also the tools of the build for old systems
set -eu
cd "$(dirname "$0")/.."
release=
if [ "${1:-}" = release ]; then
    release=yes
    shift
fi

packages=
for pair in dh:debhelper fakeroot:fakeroot rpmbuild:rpm lintian:lintian rpmlint:rpmlint readelf:binutils mmdebstrap:mmdebstrap "$@"; do
    command -v "${pair%%:*}" >/dev/null || packages="$packages ${pair#*:}"
done
crates=
command -v cargo-cyclonedx >/dev/null || crates=cargo-cyclonedx@0.5.9
if [ -n "$release" ]; then
    python3 -c 'import venv, ensurepip' 2>/dev/null || packages="$packages python3-venv"
    command -v aarch64-linux-gnu-strip >/dev/null || packages="$packages binutils-aarch64-linux-gnu"
    command -v cargo-auditable >/dev/null || crates="$crates cargo-auditable@0.7.7"
fi
[ -z "$packages" ] || echo "setup: Debian packages that will be installed:$packages"
[ -z "$crates" ] || echo "setup: programs that cargo will build and install, some minutes each: $crates"
if [ -n "$packages" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "setup: not installed:$packages" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300 update
    # shellcheck disable=SC2086 # one word a package
    apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y --no-install-recommends --no-remove --no-upgrade $packages
fi

for crate in $crates; do
    env -u CARGO_TARGET_DIR cargo install --quiet --locked --debug "$crate"
done
