complete -c check_axigen_queue -f
complete -c check_axigen_queue -l queue-dir -d 'Queue directory; repeat it to add up several [default: queuePath from axigen.cfg, else the first of /var/opt/axigen/queue, /axigen/var/queue, /var/axigen/queue]' -r -f -a "(__fish_complete_directories)"
complete -c check_axigen_queue -l config -d 'axigen.cfg to read queuePath from [default: /var/opt/axigen/run/axigen.cfg or /var/axigen/run/axigen.cfg, if readable]' -r -F
complete -c check_axigen_queue -l metrics-url -d 'Ask a server\'s own metrics in place of the queue on disk; they tell the number of messages and no ages' -r -f
complete -c check_axigen_queue -l auth-file -d 'File with one line USER:PASSWORD of an administrator with reporting rights, for --metrics-url' -r -F
complete -c check_axigen_queue -l ca-file -d 'PEM file with the authorities to trust in place of the system\'s, for --metrics-url' -r -F
complete -c check_axigen_queue -s w -l warning -d 'WARNING for this number of messages' -r -f
complete -c check_axigen_queue -s c -l critical -d 'CRITICAL for this number of messages' -r -f
complete -c check_axigen_queue -l older-than -d 'Age above which a message counts as older: a whole number and s, m, h or d' -r -f
complete -c check_axigen_queue -l warning-older -d 'WARNING for this number of older messages' -r -f
complete -c check_axigen_queue -l critical-older -d 'CRITICAL for this number of older messages; scheduled mail waits on purpose, so there is no default' -r -f
complete -c check_axigen_queue -l warning-oldest -d 'WARNING for this age of the oldest message, in seconds' -r -f
complete -c check_axigen_queue -l critical-oldest -d 'CRITICAL for this age of the oldest message, in seconds' -r -f
complete -c check_axigen_queue -l warning-free -d 'WARNING for this share of free bytes or inodes on the queue\'s file system, in %' -r -f
complete -c check_axigen_queue -l critical-free -d 'CRITICAL for this share of free bytes or inodes on the queue\'s file system, in %' -r -f
complete -c check_axigen_queue -s t -l timeout -d 'Give up after this many seconds; then the state is UNKNOWN (or STATE), unless what was seen by then already breaches a limit' -r -f
complete -c check_axigen_queue -l output-format -d 'Print plugin text, one JSON object, or text for Prometheus: nagios, json or openmetrics' -r -f -a "nagios\t''
json\t''
openmetrics\t''"
complete -c check_axigen_queue -l count-only -d 'Count names only and look at no message: the fastest run, without ages'
complete -c check_axigen_queue -l size -d 'Also add up the size of all files below the queue directory'
complete -c check_axigen_queue -l census -d 'Also describe what stands in the tree (kinds, modes, ages), without any name or address, to paste into a report'
complete -c check_axigen_queue -s v -l verbose -d 'Add long output; twice: also explain what was looked at'
complete -c check_axigen_queue -s h -l help -d 'Print help (see more with \'--help\')'
complete -c check_axigen_queue -s V -l version -d 'Print version'
