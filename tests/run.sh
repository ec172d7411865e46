#!/bin/sh
# Everything that must hold before a commit. What cannot be checked here is named at the end; with CI=true it fails.
set -eu
cd "$(dirname "$0")/.."

skipped=
step() { printf '\n-- %s\n' "$*"; }

# has COMMAND SUBJECT: whether SUBJECT can be checked; notes it when not.
has() {
    command -v "$1" >/dev/null && return
    skipped="$skipped
skipped: $2 (no $1)"
    return 1
}

if has cargo-fmt 'formatting'; then
    step cargo fmt
    cargo fmt --check
fi
if has cargo-clippy 'lints'; then
    step cargo clippy
    cargo clippy --locked --all-targets -- -D warnings
fi
if command -v cargo-nextest >/dev/null; then
    step cargo nextest
    cargo nextest run --locked
else
    step cargo test
    cargo test --locked --lib --bins --tests
fi
step documentation
cargo test --locked --doc
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items
if has mandoc 'man pages by mandoc'; then
    step mandoc
    mandoc -T lint -W style man/*
fi
if has man 'man pages by groff'; then
    step man
    for page in man/*; do
        said=$(MANROFFSEQ='' MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null)
        [ -z "$said" ] || { echo "$said"; exit 1; }
    done
fi
if has shellcheck 'scripts'; then
    step shellcheck
    shellcheck -x .ci/run tests/*.sh tests/*/*.sh examples/*.sh examples/*/*.sh packaging/*.sh packaging/debian/*.post*
fi
if has cargo-deny 'licences and sources of dependencies'; then
    step cargo deny
    cargo deny --locked check licenses bans sources
fi

# The tests themselves look for these, one by one.
has setfacl 'tests with access control lists' || true
has setpriv 'tests with an unprivileged account' || true
[ "$(id -u)" -eq 0 ] || skipped="$skipped
skipped: tests with another account, a file system of their own or a real mail server (not root)"

[ -n "$skipped" ] || exit 0
echo "$skipped"
[ "${CI:-}" != true ]
