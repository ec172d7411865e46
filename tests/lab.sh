#!/bin/sh
# The tests marked `#[ignore = "lab: ..."]`: heavy servers, large trees, whole installations.
set -eu
cd "$(dirname "$0")/.."
if command -v cargo-nextest >/dev/null; then
    cargo nextest run --locked --run-ignored only --no-tests pass
else
    cargo test --locked --test it -- --ignored
fi
