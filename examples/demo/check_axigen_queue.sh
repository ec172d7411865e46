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

# What Axigen's metrics may look like: their form is that of the vendor's documentation.
printf '%s\n' '# TYPE queue_size gauge' 'queue_size 42' '# TYPE uptime gauge' 'uptime 86400' >metrics
printf 'reports:not-a-real-password\n' >axigen-login
chmod 600 axigen-login
rm -f metrics-port
"${built:?}/examples/metrics_server" metrics-port metrics &
metrics_pid=$!
while [ ! -s metrics-port ]; do
    kill -0 "$metrics_pid"
done
printf '\n== check_axigen_queue: from another host, by the metrics of the server\n'
show check_axigen_queue --metrics-url "http://127.0.0.1:$(cat metrics-port)/metrics" --auth-file axigen-login -v
kill "$metrics_pid"
wait "$metrics_pid" 2>/dev/null || :
