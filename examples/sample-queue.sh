#!/bin/sh
# Lays out a queue as Axigen does: DIR/XX/S<hex>, one status file a message, beside the message itself.
#
#   examples/sample-queue.sh DIR MESSAGES AGE     AGE in words of date(1): '3 hours'
#
# Adds to a queue that is already there, so that a second call brings messages of another age.
set -eu
[ $# -eq 3 ] || { echo "usage: $0 DIR MESSAGES AGE" >&2; exit 64; }
dir=$1 messages=$2
arrival=$(date -d "$3 ago" +%Y%m%d%H%M.%S)

for subdirectory in 00 01 02 03 04 05 06 07; do
    mkdir -p "$dir/$subdirectory"
done
number=$(find "$dir" -name 'S*' | wc -l)
last=$((number + messages))
while [ "$number" -lt "$last" ]; do
    number=$((number + 1))
    id=$(printf '%X' $((number + 24000)))
    subdirectory=$dir/0$((number % 8))
    echo 'From: a@example.com' >"$subdirectory/M$id"
    : >"$subdirectory/S$id"
    touch -t "$arrival" "$subdirectory/M$id" "$subdirectory/S$id"
done
