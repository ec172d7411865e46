#!/bin/sh
# Lays a Debian 12 with these packages into the empty directory DIR; the second time from a copy. Needs root.
#
#   [SUITE=bullseye] [ARCHITECTURES=amd64,arm64] tests/lab/root.sh DIR PACKAGE...     the first architecture is its own
set -eu
[ $# -ge 1 ] || { echo "usage: $0 DIR PACKAGE..." >&2; exit 64; }
dir=$1
shift
store=${CARGO_TARGET_DIR:-$(dirname "$0")/../../target}/lab
mkdir -p "$store"
suite=${SUITE:-bookworm}
architectures=${ARCHITECTURES:-$(dpkg --print-architecture)}
copy=$store/$(echo "$suite" "$architectures" "$@" | sha256sum | cut -c 1-16).tar

# Who comes at the same time waits for the one that makes it.
(
    flock 9
    if [ ! -e "$copy" ]; then
        mmdebstrap --quiet --mode=root --variant=minbase --architectures="$architectures" \
            --include="$(echo "$@" | tr ' ' ,)" "$suite" "$copy.new.tar"
        mv "$copy.new.tar" "$copy"
    fi
) 9>"$copy.lock"
tar --xattrs --xattrs-include='*' -C "$dir" -xf "$copy"
