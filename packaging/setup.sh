#!/bin/sh
# Installs what building and trying packages needs: as root on Debian; elsewhere it names what is missing.
#
#   packaging/setup.sh [release]     release: also the tools of the build for old systems
set -eu
cd "$(dirname "$0")/.."

packages=
for pair in dh:debhelper fakeroot:fakeroot rpmbuild:rpm lintian:lintian rpmlint:rpmlint objdump:binutils mmdebstrap:mmdebstrap; do
    command -v "${pair%%:*}" >/dev/null || packages="$packages ${pair#*:}"
done
if [ "${1:-}" = release ] && ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
    packages="$packages python3-venv"
fi
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

[ "${1:-}" = release ] || exit 0
if ! command -v cargo-auditable >/dev/null; then
    env -u CARGO_TARGET_DIR cargo install --quiet --locked cargo-auditable@0.7.7
fi
