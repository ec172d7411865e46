#!/bin/sh
# Installs what the tests use and this machine lacks: as root on Debian, nothing is removed or upgraded for it.
# Elsewhere, and where a package is not to be had, names it; tests/run.sh and the tests say what that means for them.
#
#   tests/setup.sh [COMMAND:PACKAGE]...     what is used besides
set -eu

# command:package
needed='
mandoc:mandoc
man:man-db
shellcheck:shellcheck
setfacl:acl
mkfs.ext4:e2fsprogs
losetup:mount
setpriv:util-linux
strace:strace
unshare:util-linux
'
needed="$needed $*"

# Prints the packages whose command is missing.
missing() {
    for pair in $needed; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
    done
}

packages=$(missing)
if [ -n "$packages" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    get() { apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"; }
    get update
    # shellcheck disable=SC2086 # one word a package
    get install -y --no-install-recommends --no-remove --no-upgrade $packages || true
fi

for package in $(missing); do
    echo "setup: not installed: Debian package $package"
done

# Takes minutes to build, so only where nothing may be skipped. Not among this project's build products.
if [ "${CI:-}" = true ] && ! command -v cargo-deny >/dev/null; then
    env -u CARGO_TARGET_DIR cargo install --quiet --locked cargo-deny@0.20.2
fi
