complete -c check_axigen_version -f
complete -c check_axigen_version -s H -l hostname -d 'Name or address of the Axigen server' -r -f -a "(__fish_print_hostnames)"
complete -c check_axigen_version -s p -l port -d 'Port of the CLI service' -r -f
complete -c check_axigen_version -l minimum -d 'Oldest release to accept, one for each line, as in 10.6.41,10.7.3; an older line without one is not accepted [default: no known hole]' -r -f
complete -c check_axigen_version -l vulnerable-state -d 'State of a release with a known hole, or older than its minimum' -r -f -a "OK\t''
WARNING\t''
CRITICAL\t''
UNKNOWN\t''"
complete -c check_axigen_version -s t -l timeout -d 'Give up after this many seconds; then the state is UNKNOWN (or STATE), unless what was seen by then already breaches a limit' -r -f
complete -c check_axigen_version -l output-format -d 'Print plugin text, one JSON object, or text for Prometheus: nagios, json or openmetrics' -r -f -a "nagios\t''
json\t''
openmetrics\t''"
complete -c check_axigen_version -s s -l tls -d 'Begin with TLS, for a CLI listener with SSL'
complete -c check_axigen_version -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c check_axigen_version -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c check_axigen_version -s v -l verbose -d 'Add long output; twice: also explain what was looked at'
complete -c check_axigen_version -s h -l help -d 'Print help (see more with \'--help\')'
complete -c check_axigen_version -s V -l version -d 'Print version'
