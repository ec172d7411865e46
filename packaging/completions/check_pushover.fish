complete -c check_pushover -f
complete -c check_pushover -l config -d 'Configuration: token, recipients, proxy' -r -F
complete -c check_pushover -l token-file -d 'Read the token from this file (else PUSHOVER_TOKEN, the credential pushover_token, or the configuration)' -r -F
complete -c check_pushover -l recipient -d 'A recipient of the configuration; may be repeated' -r -f
complete -c check_pushover -l user-file -d 'Read the recipient\'s key from this file (else PUSHOVER_USER, the credential pushover_user, or the configuration)' -r -F
complete -c check_pushover -l spool-dir -d 'Where messages wait [default: /var/spool/monitoring-plugins-axigen]' -r -f -a "(__fish_complete_directories)"
complete -c check_pushover -l api-url -d 'URL of the API [default: api.pushover.net by https]' -r -f
complete -c check_pushover -l ca-file -d 'Trust the certificates in this file, and no others' -r -F
complete -c check_pushover -l proxy -d 'Use this proxy (else HTTPS_PROXY)' -r -f
complete -c check_pushover -l connect-timeout -d 'Seconds for name look-up and connecting' -r -f
complete -c check_pushover -s w -l warning -d 'WARNING for this age of the oldest waiting message, in seconds' -r -f
complete -c check_pushover -s c -l critical -d 'CRITICAL for this age of the oldest waiting message, in seconds' -r -f
complete -c check_pushover -l warning-failed -d 'WARNING for this number of messages in failed/' -r -f
complete -c check_pushover -l critical-failed -d 'CRITICAL for this number of messages in failed/' -r -f
complete -c check_pushover -l warning-quota -d 'WARNING for this number of messages left' -r -f
complete -c check_pushover -l critical-quota -d 'CRITICAL for this number of messages left' -r -f
complete -c check_pushover -s t -l timeout -d 'Give up after this many seconds; then the state is UNKNOWN (or STATE), unless what was seen by then already breaches a limit' -r -f
complete -c check_pushover -l output-format -d 'Print plugin text, one JSON object, or text for Prometheus: nagios, json or openmetrics' -r -f -a "nagios\t''
json\t''
openmetrics\t''"
complete -c check_pushover -l quota -d 'Also judge how many messages are left this month'
complete -c check_pushover -l validate -d 'Also ask Pushover whether token and recipients are valid'
complete -c check_pushover -s v -l verbose -d 'Add long output; twice: also explain what was looked at'
complete -c check_pushover -s h -l help -d 'Print help (see more with \'--help\')'
complete -c check_pushover -s V -l version -d 'Print version'
