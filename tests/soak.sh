#!/bin/sh
# All of the soak, of which `make lab` runs a sample; SOAK_SEED=N rolls other dice. Prints what docs/soak.md holds as its last
# figures. Programs must be built as they are installed.
set -eu
cd "$(dirname "$0")/.."
log=${CARGO_TARGET_DIR:-target}/soak.log
echo "log: $log"
code=0
SOAK=1 cargo nextest run --locked --profile soak --run-ignored only >"$log" 2>&1 || code=$?
date +%Y-%m-%d
sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | uniq -c
uname -sr
sed -n 's/^ *soak: /- /p' "$log"
[ "$code" -eq 0 ] || tail -n 40 "$log"
exit "$code"
