#!/bin/sh
# Builds the programs for packages and puts them into DIR.
#
#   packaging/build-bin.sh DIR [GLIBC]
#
# Without GLIBC what plain `make` builds, for systems like this one. With GLIBC, as in 2.28, for every system with at
# least that glibc: needs cargo-zigbuild and zig (requirements.txt) and cargo-auditable. Then debug information stays in,
# and the package tools strip it.
set -eu
[ $# -ge 1 ] || { echo "usage: $0 DIR [GLIBC]" >&2; exit 64; }
mkdir -p "$1"
dest=$(cd "$1" && pwd)
glibc=${2:-}
top=$(cd "$(dirname "$0")/.." && pwd)
target=x86_64-unknown-linux-gnu
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$top/target}"
cd "$top"

if [ -z "$glibc" ]; then
    cargo build --locked --release --bins
    built=$CARGO_TARGET_DIR/release
else
    # No path of this machine in the programs. zig puts its working directory into its start files, whose hash is the
    # build-id; it caches them, so the cache must not be shared either. And it gives no build-id by itself.
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
    export ZIG_GLOBAL_CACHE_DIR="$CARGO_TARGET_DIR/zig-cache"
    export RUSTFLAGS="--remap-path-prefix=$top=/usr/src/monitoring-plugins-axigen \
--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/usr/src/cargo -Clink-arg=-Wl,--build-id=sha1"
    env PWD=/proc/self/cwd cargo auditable zigbuild --locked --release --bins --target "$target.$glibc"
    built=$CARGO_TARGET_DIR/$target/release
fi

for source in src/bin/*.rs; do
    install -m 755 "$built/$(basename "$source" .rs)" "$dest/"
done

# An invalid GLIBC makes zigbuild a plain build without a word, so look at what came out.
if [ -n "$glibc" ]; then
    newest=$(objdump -T "$dest"/* | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
    echo "highest symbol: $newest"
    highest=$(printf '%s\n' "GLIBC_$glibc" "$newest" | sort -V | tail -n 1)
    [ "$highest" = "GLIBC_$glibc" ]
fi
