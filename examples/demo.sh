#!/bin/sh
# Shows every program of the suite on a stand-in of what it watches: the command, what it prints, its exit code.
# Each file in examples/demo/ shows one program.
set -eu
cd "$(dirname "$0")/.."
examples=$PWD/examples
built=${CARGO_TARGET_DIR:-target}/debug
case $built in /*) ;; *) built=$PWD/$built ;; esac

stage=$(mktemp -d)
trap 'chmod -R u+rwX "$stage"; rm -rf "$stage"' EXIT
# The programs are copied where an unprivileged account may run them.
chmod 755 "$stage"
mkdir "$stage/bin"
for source in src/bin/*.rs; do
    cp "$built/$(basename "$source" .rs)" "$stage/bin/"
done
PATH=$stage/bin:$PATH
export PATH
cd "$stage"

# show COMMAND...: runs it and prints everything there is to see.
show() {
    printf '\n$ %s\n' "$*"
    run "$@"
}

# show_unprivileged COMMAND...: the same as an account whose rights matter; root may read everything.
show_unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then
        printf '\nnobody$ %s\n' "$*"
        run setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
    else
        show "$@"
    fi
}

run() {
    code=0
    "$@" || code=$?
    echo "(exit code $code)"
    # A plugin that cannot be run, or ends in a way no monitoring core knows, has nothing to show.
    [ "$code" -le 3 ]
}

for program in "$examples"/demo/*.sh; do
    # shellcheck source=examples/demo/check_axigen_queue.sh
    . "$program"
done
