complete -c check_smtp_forced_tls -f
complete -c check_smtp_forced_tls -s H -l hostname -d 'Name or address of your mail server' -r -f -a "(__fish_print_hostnames)"
complete -c check_smtp_forced_tls -s p -l port -d 'Port for mail in the clear and for STARTTLS' -r -f
complete -c check_smtp_forced_tls -l tls-port -d 'Also offer mail on this port, where TLS begins at once, as on 465' -r -f
complete -c check_smtp_forced_tls -l domain -d 'Domain whose mail must be refused in the clear; repeatable' -r -f
complete -c check_smtp_forced_tls -l recipient -d 'Mailbox of your own to offer mail to, made for this and not postmaster' -r -f
complete -c check_smtp_forced_tls -l sender -d 'Sender for its domain, in place of postmaster; repeatable. A made-up one makes servers with callout ask the partner. With --canary the one sender of the mail' -r -f
complete -c check_smtp_forced_tls -l also -d 'Another domain that the rule must catch, as sub.partner.example; repeatable' -r -f
complete -c check_smtp_forced_tls -l control-domain -d 'Domain that the rule must leave alone: WARNING if it is refused in the clear' -r -f
complete -c check_smtp_forced_tls -l stage -d 'How far to go: rcpt, or data for a rule that acts there; no content is sent' -r -f -a "rcpt\t''
data\t''"
complete -c check_smtp_forced_tls -l partner -d 'Partner whose mail exchangers must take TLS; repeatable' -r -f
complete -c check_smtp_forced_tls -l partner-port -d 'Port of the partners [default: 465, where TLS begins at once; with --partner-starttls 25]' -r -f
complete -c check_smtp_forced_tls -l relay-host -d 'Host that your rule names for the partner: look at it in place of all mail exchangers, and warn when it is none any more' -r -f -a "(__fish_print_hostnames)"
complete -c check_smtp_forced_tls -l ca-file -d 'PEM file with the authorities to trust in place of the system\'s' -r -F
complete -c check_smtp_forced_tls -l canary -d 'Hand the next canary mail for this domain to your own server, and judge the last ones' -r -f
complete -c check_smtp_forced_tls -l canary-state -d 'Directory that is shared with smtp_canary' -r -f -a "(__fish_complete_directories)"
complete -c check_smtp_forced_tls -l canary-age -d 'A mail must come within this time, and a proof may be as old' -r -f
complete -c check_smtp_forced_tls -l canary-host -d 'Where smtp_canary listens, to see that it does' -r -f -a "(__fish_print_hostnames)"
complete -c check_smtp_forced_tls -l canary-port -d 'The port of it' -r -f
complete -c check_smtp_forced_tls -l auth-file -d 'Log in with the user:password in this file, if the certificate is valid for --hostname' -r -F
complete -c check_smtp_forced_tls -l helo -d 'Name to give in EHLO [default: this host\'s full name, else its address in brackets]' -r -f
complete -c check_smtp_forced_tls -l source-address -d 'Address to connect from' -r -f
complete -c check_smtp_forced_tls -l proxy-protocol -d 'Send a PROXY header first with our own address, for a listener behind a proxy: v1 or v2; v1 without VERSION' -r -f -a "v1\t''
v2\t''"
complete -c check_smtp_forced_tls -l output-format -d 'Print plugin text, one JSON object, or text for Prometheus: nagios, json or openmetrics' -r -f -a "nagios\t''
json\t''
openmetrics\t''"
complete -c check_smtp_forced_tls -s t -l timeout -d 'Give up after this many seconds; then the state is UNKNOWN (or STATE), unless what was seen by then already breaches a limit' -r -f
complete -c check_smtp_forced_tls -l allow-temporary -d 'Accept a temporary refusal (4xx) that mentions TLS'
complete -c check_smtp_forced_tls -l partner-starttls -d 'Reach the partners on port 25 by STARTTLS, as postfix does with encrypt or verify'
complete -c check_smtp_forced_tls -l require-valid -d 'CRITICAL, not WARNING, when a partner\'s certificate cannot be verified'
complete -c check_smtp_forced_tls -l verify -d 'The rule verifies certificates: show a wrong one too, and CRITICAL when the mail is handed over under it'
complete -c check_smtp_forced_tls -s S -l starttls -d 'Hand over by STARTTLS [default: in the clear]'
complete -c check_smtp_forced_tls -s s -l tls -d 'Hand over with TLS from the first byte on [default on port 465]'
complete -c check_smtp_forced_tls -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c check_smtp_forced_tls -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c check_smtp_forced_tls -s v -l verbose -d 'Add long output; twice: also explain what was looked at'
complete -c check_smtp_forced_tls -s h -l help -d 'Print help (see more with \'--help\')'
complete -c check_smtp_forced_tls -s V -l version -d 'Print version'
