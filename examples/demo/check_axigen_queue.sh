# shellcheck shell=sh
# check_axigen_queue on three queues. Read by examples/demo.sh.
: "${examples:?}"

"$examples/sample-queue.sh" quiet 12 '3 minutes'

"$examples/sample-queue.sh" stuck 40 '6 hours'
"$examples/sample-queue.sh" stuck 80 '20 minutes'

"$examples/sample-queue.sh" closed 30 '2 hours'
chmod 000 closed/03

printf '\n== check_axigen_queue: a quiet queue\n'
show check_axigen_queue --queue-dir quiet

printf '\n== check_axigen_queue: mail is stuck\n'
show check_axigen_queue --queue-dir stuck -v

printf '\n== check_axigen_queue: one directory may not be read, so 26 of 30 messages are no answer\n'
show_unprivileged check_axigen_queue --queue-dir closed
