complete -c pushover_channel -f
complete -c pushover_channel -l config -d 'Configuration: recipients, spool, proxy' -r -F
complete -c pushover_channel -s h -l help -d 'Print help'
complete -c pushover_channel -s V -l version -d 'Print version'
