#!/bin/sh
# Fuzzes the parsers of foreign bytes, one after another, at low priority. Ends with an error at the first finding,
# which libFuzzer leaves in tests/fuzz/artifacts. Needs cargo-fuzz, a nightly toolchain and a C++ compiler.
#
#   tests/fuzz/run.sh SECONDS [TARGET]...     SECONDS for each
set -eu
[ $# -ge 1 ] || { echo "usage: $0 SECONDS [TARGET]..." >&2; exit 64; }
seconds=$1
shift
cd "$(dirname "$0")/../.."
# Beside the other build products: what was found interesting is kept for the next run.
target=${CARGO_TARGET_DIR:-target}/fuzz
[ $# -gt 0 ] || set -- smtp_reply tls_answer ssl2 certificate range exposition published spool_item pushover_toml \
    axigen_cfg pushover_answer core_answer command_line
for name; do
    corpus=$target/corpus/$name
    mkdir -p "$corpus"
    nice cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir "$target" "$name" \
        "$corpus" "tests/fuzz/seeds/$name" -- -max_total_time="$seconds" -max_len=20000 -timeout=10 -print_final_stats=1
done
