#!/bin/sh
# The tests marked `#[ignore = "lab: ..."]`: heavy servers, large trees, whole installations. Packages must be built.
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" -eq 0 ]; then
    tests/lab/packages.sh
    tests/lab/readme.sh
else
    echo 'skipped: packages, docs and monitoring cores in a Debian of their own (not root)'
    [ "${CI:-}" != true ]
fi
# That they still fit the parsers; tests/fuzz/run.sh runs them.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target} cargo check --locked --no-default-features \
    --manifest-path tests/fuzz/Cargo.toml
if command -v cargo-nextest >/dev/null; then
    cargo nextest run --locked --profile lab --run-ignored only --no-tests pass
else
    cargo test --locked --test it -- --ignored --skip smtp_malware_scanners --skip smtp_canary::others --skip lab::systemd --skip hybrids_of_openssl_3_5 --skip a_hundred_thousand_files
fi
