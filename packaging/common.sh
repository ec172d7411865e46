# shellcheck shell=sh
# Sourced by the scripts that build packages: names, version, time, and a clean copy of the sources.
# shellcheck disable=SC2034 # what is set here is used there

name=monitoring-plugins-axigen
top=$(cd "$(dirname "$0")/.." && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Everything built from one commit carries the commit's time.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
day=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)

# Until CHANGELOG.md opens with the version of Cargo.toml, this is a snapshot that sorts before it.
released=$(sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -n 1)
latest=$(sed -n 's/^## \[\(.*\)\].*/\1/p' "$top/CHANGELOG.md" | head -n 1)
case $latest in
"$released") version=$released ;;
Unreleased) version=$released~$(date -u -d "$day" +%Y%m%d) ;;
*)
    echo "CHANGELOG.md opens with $latest, Cargo.toml with $released" >&2
    exit 1
    ;;
esac

# shellcheck source=packaging/contact
. "$top/packaging/contact"

# changelog deb|rpm: CHANGELOG.md in the format's own words.
changelog() {
    awk -v fmt="$1" -v pkg="$name" -v who="$maintainer" -v unreleased="$version $day" \
        -f "$top/packaging/changelog.awk" "$top/CHANGELOG.md"
}

# machine_of BINDIR: the processor that the programs in it are for, in GNU's words.
machine_of() {
    for program in "$1"/*; do
        case $(readelf --file-header "$program") in
        *AArch64*) echo aarch64 ;;
        *X86-64*) echo x86_64 ;;
        *)
            echo "$program is for another processor than the packages know" >&2
            return 1
            ;;
        esac
        break
    done
}

# copy_sources DIR: what git knows or would know, without anything built.
copy_sources() {
    mkdir -p "$1"
    (cd "$top" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$1")
}
