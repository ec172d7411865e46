complete -c check_smtp_accept -f
complete -c check_smtp_accept -s H -l hostname -d 'Name or address of the mail server' -r -f -a "(__fish_print_hostnames)"
complete -c check_smtp_accept -s p -l port -d 'Port [default: 25, with --tls 465]' -r -f
complete -c check_smtp_accept -l recipient -d 'Mailbox that must take mail; repeatable' -r -f
complete -c check_smtp_accept -l sender -d 'Sender: <> or an address' -r -f
complete -c check_smtp_accept -l auth-file -d 'Log in with the user:password in this file; needs TLS' -r -F
complete -c check_smtp_accept -l allow-recipient-domain -d 'Domain that --deliver may send to, or nothing is sent; repeatable' -r -f
complete -c check_smtp_accept -l ca-file -d 'PEM file with the authorities to trust in place of the system\'s' -r -F
complete -c check_smtp_accept -s w -l warning -d 'WARNING for this time from the connection to the last answer, in seconds' -r -f
complete -c check_smtp_accept -s c -l critical -d 'CRITICAL for this time, in seconds' -r -f
complete -c check_smtp_accept -l helo -d 'Name to give in EHLO [default: this host\'s full name, else its address in brackets]' -r -f
complete -c check_smtp_accept -l source-address -d 'Address to connect from' -r -f
complete -c check_smtp_accept -l proxy-protocol -d 'Send a PROXY header first with our own address, for a listener behind a proxy: v1 or v2; v1 without VERSION' -r -f -a "v1\t''
v2\t''"
complete -c check_smtp_accept -l output-format -d 'Print plugin text, one JSON object, or text for Prometheus: nagios, json or openmetrics' -r -f -a "nagios\t''
json\t''
openmetrics\t''"
complete -c check_smtp_accept -s t -l timeout -d 'Give up after this many seconds; then the state is UNKNOWN (or STATE), unless what was seen by then already breaches a limit' -r -f
complete -c check_smtp_accept -s S -l starttls -d 'Begin in the clear and ask for STARTTLS [default: stay in the clear]'
complete -c check_smtp_accept -s s -l tls -d 'Begin with TLS [default on port 465]'
complete -c check_smtp_accept -l deliver -d 'Send one clean mail to each --recipient'
complete -c check_smtp_accept -l require-valid -d 'CRITICAL when the certificate cannot be verified for --hostname; then neither password nor mail is sent'
complete -c check_smtp_accept -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c check_smtp_accept -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c check_smtp_accept -s v -l verbose -d 'Add long output; twice: also explain what was looked at'
complete -c check_smtp_accept -s h -l help -d 'Print help (see more with \'--help\')'
complete -c check_smtp_accept -s V -l version -d 'Print version'
