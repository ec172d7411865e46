#!/bin/sh
# Builds the programs as they are installed, with no path of this machine in them, and puts them into DIR if that is given.
#
#   packaging/build-bin.sh [DIR [GLIBC MACHINE]]
#
# Without GLIBC for systems like this one. With GLIBC, as in 2.28, for every system with at least that glibc and a processor
# of the kind MACHINE, x86_64 or aarch64: needs cargo-zigbuild and zig (requirements.txt) and cargo-auditable. Then debug
# information stays in, and the package tools strip it.
set -eu
[ $# -le 3 ] || { echo "usage: $0 [DIR [GLIBC MACHINE]]" >&2; exit 64; }
glibc=${2:-}
top=$(cd "$(dirname "$0")/.." && pwd)
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$top/target}"
home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$top=/usr/src/monitoring-plugins-axigen \
--remap-path-prefix=$home=/usr/src/cargo"
# The cryptography library is C.
export CFLAGS="${CFLAGS:-} -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
-ffile-prefix-map=$home=/usr/src/cargo"

if [ -z "$glibc" ]; then
    (cd "$top" && "${CARGO:-cargo}" build --locked --release --bins)
    built=$CARGO_TARGET_DIR/release
else
    target=$3-unknown-linux-gnu
    # zig puts its working directory into its start files, whose hash is the build-id; it caches them, so the cache must not
    # be shared either. And it gives no build-id by itself.
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
    export ZIG_GLOBAL_CACHE_DIR="$CARGO_TARGET_DIR/zig-cache"
    export RUSTFLAGS="$RUSTFLAGS -Clink-arg=-Wl,--build-id=sha1"
    (cd "$top" && PWD=/proc/self/cwd cargo auditable zigbuild --locked --release --bins --target "$target.$glibc")
    built=$CARGO_TARGET_DIR/$target/release
fi

[ $# -ge 1 ] || exit 0
mkdir -p "$1"
for source in "$top"/src/bin/*.rs; do
    install -m 755 "$built/$(basename "$source" .rs)" "$1/"
done

# An invalid GLIBC makes zigbuild a plain build without a word, so look at what came out.
if [ -n "$glibc" ]; then
    newest=$(readelf --wide --dyn-syms "$1"/* | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
    echo "highest symbol: $newest"
    highest=$(printf '%s\n' "GLIBC_$glibc" "$newest" | sort -V | tail -n 1)
    [ "$highest" = "GLIBC_$glibc" ]
fi
