#!/bin/sh
# Builds the packages of the commit at hand for glibc 2.28 and later, twice, in two places, and compares them.
#
#   packaging/release.sh OUT
#
# The tools' path goes into the programs: whoever wants the same bytes leaves RELEASE_TOOLS alone.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 OUT" >&2; exit 64; }
glibc=2.28
tools=${RELEASE_TOOLS:-/opt/monitoring-plugins-axigen-release}
# shellcheck source=packaging/common.sh
. "$(dirname "$0")/common.sh"
[ -z "$(git -C "$top" status --porcelain)" ] || { echo 'commit first: a release is what is in a commit' >&2; exit 1; }
rm -rf "$1"
mkdir -p "$1"
out=$(cd "$1" && pwd)

if ! "$tools/bin/cargo-zigbuild" --version >/dev/null 2>&1; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --requirement "$top/packaging/requirements.txt"
fi
PATH=$tools/bin:$PATH
export PATH

# One commit for both, whatever is committed meanwhile.
git clone --quiet "$top" "$work/first"
git clone --quiet "$work/first" "$work/the-second"
for build in first the-second; do
    (
        cd "$work/$build"
        # Everything cold: a shared cache would hide what depends on the place.
        export CARGO_TARGET_DIR="$work/$build/target"
        packaging/build-bin.sh bin "$glibc"
        packaging/build-deb.sh bin "$work/out-$build" "$glibc"
        packaging/build-rpm.sh bin "$work/out-$build"
    )
done

cd "$work/out-first"
sha256sum -- *.deb *.rpm >"$work/SHA256SUMS"
(cd "$work/out-the-second" && sha256sum --check "$work/SHA256SUMS")
for program in "$work"/first/bin/*; do
    strip -o "$work/stripped" "$program"
    if strings "$work/stripped" | grep -F -e "$work" -e "${CARGO_HOME:-$HOME/.cargo}"; then
        echo "$program names a path of this machine" >&2
        exit 1
    fi
done
mv -- * "$work/SHA256SUMS" "$out/"
mkdir "$out/bin"
cp "$work"/first/bin/* "$out/bin/"
echo "release: two builds are the same, see $out/SHA256SUMS"
