#!/bin/sh
# Prints the licences of every crate that is linked into the programs for MACHINE, x86_64 or aarch64, each text once.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 MACHINE" >&2; exit 64; }
cd "$(dirname "$0")/.."
registry=${CARGO_HOME:-$HOME/.cargo}/registry/src
seen=$(mktemp -d)
trap 'rm -rf "$seen"' EXIT

echo 'The programs of this package contain code of the following Rust crates. Each is used under its licence, whose'
echo 'text and copyright notices follow the name; a text that stood above is named only.'
cargo tree --locked --offline --edges normal,no-proc-macro --prefix none --format '{p}|{l}' \
    --target "$1-unknown-linux-gnu" | sed 's/ (\*)$//; s/ (proc-macro)//' | LC_ALL=C sort -u |
    while IFS='|' read -r package licence; do
        crate=${package%% *} version=${package#* v}
        case $version in *' ('*) continue ;; esac # our own, with its path
        printf '\n%s %s: %s\n' "$crate" "$version" "$licence"
        found=
        for dir in "$registry"/*/"$crate-$version"; do
            for file in "$dir"/LICEN[CS]E* "$dir"/COPYING* "$dir"/COPYRIGHT* "$dir"/NOTICE* "$dir"/UNLICENSE*; do
                [ -f "$file" ] || continue
                found=yes
                sum=$(sha256sum <"$file")
                first=$seen/${sum%% *}
                if [ -e "$first" ]; then
                    printf '  %s: as of %s\n' "$(basename "$file")" "$(cat "$first")"
                else
                    echo "$crate, $(basename "$file")" >"$first"
                    printf '  %s:\n\n' "$(basename "$file")"
                    sed 's/^/    /; s/[[:space:]]*$//' "$file"
                fi
            done
            break # the same crate of another registry
        done
        [ -n "$found" ] || echo '  (the crate ships no text of its licence)'
    done
