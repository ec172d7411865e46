#!/bin/bash
# Builds the packages of the commit at hand for glibc 2.28 and later, twice, in two places, and compares them.
#
#   packaging/release.sh OUT ARCHITECTURE...     amd64 by the cargo there is; arm64, as root, by Debian's in a tree of its own
#
# The tools' path goes into the programs: whoever wants the same bytes leaves RELEASE_TOOLS alone.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: $0 OUT ARCHITECTURE..." >&2; exit 64; }
glibc=2.28
tools=${RELEASE_TOOLS:-/opt/monitoring-plugins-axigen-release}
# shellcheck source=packaging/common.sh
. "$(dirname "$0")/common.sh"
# What cannot be built is said now, not after the first build.
for architecture in "${@:2}"; do
    case $architecture in
    amd64) ;;
    arm64)
        if [ "$(id -u)" -ne 0 ]; then
            echo 'release: arm64 needs root, for a Debian of its own; make release ARCHITECTURES=amd64 does without' >&2
            exit 1
        fi
        ;;
    *) echo "no recipe for $architecture" >&2; exit 64 ;;
    esac
done
[ -z "$(git -C "$top" status --porcelain)" ] || { echo 'commit first: a release is what is in a commit' >&2; exit 1; }
rm -rf "$1"
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift

if ! "$tools/bin/cargo-zigbuild" --version >/dev/null 2>&1; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --requirement "$top/packaging/requirements.txt"
fi
CARGO_ZIGBUILD_ZIG_PATH=$(echo "$tools"/lib/python3*/site-packages/ziglang/zig)
CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
PATH=$tools/bin:$PATH
export CARGO_ZIGBUILD_ZIG_PATH CARGO_HOME PATH

# in_debian COMMAND...: here in a Debian whose compiler has arm64's standard library; rustup's is not to be had everywhere.
in_debian() {
    local debian=$work/debian
    if [ ! -e "$debian" ]; then
        mkdir "$debian"
        ARCHITECTURES=amd64,arm64 "$top/tests/lab/root.sh" "$debian" binutils ca-certificates cargo-web gcc libc6-dev \
            libstd-rust-web-dev:amd64 libstd-rust-web-dev:arm64 rustc-web
        mkdir -p "$debian$work" "$debian$tools" "$debian$CARGO_HOME"
        cp /etc/resolv.conf "$debian/etc/"
    fi
    # What is mounted here is seen by no other process, and gone with this one.
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount sh -euc '
        inside=$1 debian=$2
        shift 2
        for directory in "$1" "$2" "$3"; do
            mount --bind "$directory" "$debian$directory"
        done
        shift 3
        exec "$inside" "$debian" env --chdir="$PWD" "$@"
    ' sh "$top/tests/lab/inside.sh" "$debian" "$work" "$tools" "$CARGO_HOME" \
        PATH="/usr/bin:/bin:$tools/bin:$CARGO_HOME/bin" CARGO_HOME="$CARGO_HOME" CARGO_TARGET_DIR="$CARGO_TARGET_DIR" \
        CARGO_ZIGBUILD_ZIG_PATH="$CARGO_ZIGBUILD_ZIG_PATH" "$@"
}

# One commit for both, whatever is committed meanwhile.
git clone --quiet "$top" "$work/first"
git clone --quiet "$work/first" "$work/the-second"
for build in first the-second; do
    for architecture; do
        cd "$work/$build"
        # Everything cold: a shared cache would hide what depends on the place.
        export CARGO_TARGET_DIR="$work/$build/target"
        case $architecture in
        amd64) packaging/build-bin.sh "bin/$architecture" "$glibc" x86_64 ;;
        arm64) in_debian packaging/build-bin.sh "bin/$architecture" "$glibc" aarch64 ;;
        esac
        rm -rf "$CARGO_TARGET_DIR"
        packaging/build-deb.sh "bin/$architecture" "$work/out-$build" "$glibc"
        packaging/build-rpm.sh "bin/$architecture" "$work/out-$build"
    done
done

cd "$work/out-first"
sha256sum -- *.deb *.rpm >"$work/SHA256SUMS"
(cd "$work/out-the-second" && sha256sum --check "$work/SHA256SUMS")
mv -- * "$work/SHA256SUMS" "$out/"
cp -r "$work/first/bin" "$out/"
case "$maintainer $bugs" in
*.invalid*) echo 'release: nobody answers for these packages yet, see packaging/contact' >&2 ;;
esac
echo "release: two builds are the same, see $out/SHA256SUMS"
