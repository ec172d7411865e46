complete -c notify_pushover -f -a "send\t'Send a notification, and what is waiting before it'
flush\t'Send what is waiting in the spool'
cancel\t'Stop the repeats of an object\'s emergency messages'
poll\t'Ask Pushover who has acknowledged an emergency, and tell the core'
validate\t'Ask Pushover whether token and recipients are valid, without sending'"
complete -c notify_pushover -l config -d 'Configuration: token, recipients, proxy' -r -F
complete -c notify_pushover -l token-file -d 'Read the token from this file (else PUSHOVER_TOKEN, the credential pushover_token, or the configuration)' -r -F
complete -c notify_pushover -l recipient -d 'A recipient of the configuration; may be repeated' -r -f
complete -c notify_pushover -l user-file -d 'Read the recipient\'s key from this file (else PUSHOVER_USER, the credential pushover_user, or the configuration)' -r -F
complete -c notify_pushover -l spool-dir -d 'Where messages wait [default: /var/spool/monitoring-plugins-axigen]' -r -f -a "(__fish_complete_directories)"
complete -c notify_pushover -l api-url -d 'URL of the API [default: api.pushover.net by https]' -r -f
complete -c notify_pushover -l ca-file -d 'Trust the certificates in this file, and no others' -r -F
complete -c notify_pushover -l proxy -d 'Use this proxy (else HTTPS_PROXY)' -r -f
complete -c notify_pushover -l connect-timeout -d 'Seconds for name look-up and connecting' -r -f
complete -c notify_pushover -l device -d 'Only these devices of the recipient, separated by commas' -r -f
complete -c notify_pushover -l message -d 'Send this text as it is; - reads it from standard input' -r -f
complete -c notify_pushover -l title -d 'Use this title' -r -f
complete -c notify_pushover -l type -d 'Notification type: PROBLEM, RECOVERY, ACKNOWLEDGEMENT and so on' -r -f -a "PROBLEM\t''
RECOVERY\t''
ACKNOWLEDGEMENT\t''
CUSTOM\t''
DOWNTIMESTART\t''
DOWNTIMEEND\t''
DOWNTIMECANCELLED\t''
FLAPPINGSTART\t''
FLAPPINGEND\t''
FLAPPINGSTOP\t''
FLAPPINGDISABLED\t''"
complete -c notify_pushover -s H -l host-name -d 'Host' -r -f
complete -c notify_pushover -l host-display-name -d 'Name of the host to show' -r -f
complete -c notify_pushover -l host-address -d 'Address of the host' -r -f
complete -c notify_pushover -l host-state -d 'State of the host: UP, DOWN or UNREACHABLE' -r -f -a "UP\t''
DOWN\t''
UNREACHABLE\t''"
complete -c notify_pushover -l service-name -d 'Service' -r -f
complete -c notify_pushover -l service-display-name -d 'Name of the service to show' -r -f
complete -c notify_pushover -l service-state -d 'State of the service: OK, WARNING, CRITICAL or UNKNOWN' -r -f -a "OK\t''
WARNING\t''
CRITICAL\t''
UNKNOWN\t''"
complete -c notify_pushover -l output -d 'Output of the check, shown without its performance data; - reads it from standard input' -r -f
complete -c notify_pushover -l long-output -d 'More lines of the output' -r -f
complete -c notify_pushover -l author -d 'Who acknowledged or commented' -r -f
complete -c notify_pushover -l comment -d 'The comment' -r -f
complete -c notify_pushover -l timestamp -d 'When it happened, in Unix seconds' -r -f
complete -c notify_pushover -l last-state -d 'State before this one' -r -f -a "OK\t''
WARNING\t''
CRITICAL\t''
UNKNOWN\t''
UP\t''
DOWN\t''
UNREACHABLE\t''"
complete -c notify_pushover -l duration -d 'How long it has been in this state, in seconds' -r -f
complete -c notify_pushover -l notification-number -d 'Number of the notification; with the host\'s name, a repetition of one that still waits is not queued again' -r -f
complete -c notify_pushover -l key -d 'Without a core, as from cron: notify only when the state of this key changes; the state is taken from the first line of --output' -r -f
complete -c notify_pushover -l repeat -d 'With --key: send the same state again after this time, as in 4h' -r -f
complete -c notify_pushover -l icingaweb-url -d 'Base of links to Icinga Web, up to and including /icingaweb2' -r -f
complete -c notify_pushover -l url -d 'Link in the message' -r -f
complete -c notify_pushover -l url-title -d 'Text of the link' -r -f
complete -c notify_pushover -l attach -d 'Image to show with the message, at most 5 MiB; a bad one does not stop the message' -r -F
complete -c notify_pushover -l priority -d 'Priorities from -2 to 2 by state or type, as in WARNING=-1,DOWN=2, or one number for all' -r -f
complete -c notify_pushover -l sound -d 'Sounds by state or type, as in CRITICAL=siren, or one for all' -r -f
complete -c notify_pushover -l ttl -d 'Remove messages from the phone after a time by state or type, as in RECOVERY=4h; problems stay unless they are listed' -r -f
complete -c notify_pushover -l emergency -d 'Problems in these states ring until somebody acknowledges, as in CRITICAL,DOWN' -r -f -a "OK\t''
WARNING\t''
CRITICAL\t''
UNKNOWN\t''
UP\t''
DOWN\t''
UNREACHABLE\t''"
complete -c notify_pushover -l retry -d 'Seconds between two rings of an emergency, at least 30' -r -f
complete -c notify_pushover -l expire -d 'Seconds until an emergency stops ringing, at most 10800; Pushover rings 50 times at most' -r -f
complete -c notify_pushover -l title-format -d 'Format of the title: text and {symbol}, {type}, {state}, {last_state}, {host}, {address}, {service}, {output}, {author}, {comment}' -r -f
complete -c notify_pushover -l message-format -d 'Format of the message, with the same fields; \\n is a line end' -r -f
complete -c notify_pushover -l instance -d 'Name of this monitoring instance, the same on all its nodes' -r -f
complete -c notify_pushover -l spool-max-age -d 'A message that has waited longer and fails once more goes to failed/' -r -f
complete -c notify_pushover -l spool-max-number -d 'When more messages are waiting, the oldest go to failed/' -r -f
complete -c notify_pushover -s t -l timeout -d 'Leave the message in the spool after this many seconds; Nagios kills the command after 30' -r -f
complete -c notify_pushover -l no-emoji -d 'No symbol in the title'
complete -c notify_pushover -l no-spool -d 'Send without a spool: what cannot be sent now is lost'
complete -c notify_pushover -l retry-failed -d 'With flush: first move the messages in failed/ back into the spool'
complete -c notify_pushover -l dry-run -d 'Show what would be sent, and send nothing'
complete -c notify_pushover -s v -l verbose -d 'Explain what was done'
complete -c notify_pushover -s h -l help -d 'Print help (see more with \'--help\')'
complete -c notify_pushover -s V -l version -d 'Print version'
