complete -c check_smtp_tls -f
complete -c check_smtp_tls -s H -l hostname -d 'Name or address of the mail server' -r -f -a "(__fish_print_hostnames)"
complete -c check_smtp_tls -s p -l port -d 'Port [default: 25, with --tls 465]' -r -f
complete -c check_smtp_tls -l sni -d 'Name to ask for and to check the certificate against [default: --hostname]' -r -f
complete -c check_smtp_tls -l helo -d 'Name to give in EHLO [default: this host\'s full name, else its address in brackets]' -r -f
complete -c check_smtp_tls -l source-address -d 'Address to connect from' -r -f
complete -c check_smtp_tls -l proxy-protocol -d 'Send a PROXY header first with our own address, for a listener behind a proxy: v1 or v2; v1 without VERSION' -r -f -a "v1\t''
v2\t''"
complete -c check_smtp_tls -l grade-warning -d 'WARNING for a grade worse than this' -r -f -a "A+\t''
A\t''
A-\t''
B\t''
C\t''
D\t''
E\t''
F\t''"
complete -c check_smtp_tls -l grade-critical -d 'CRITICAL for a grade worse than this' -r -f -a "A+\t''
A\t''
A-\t''
B\t''
C\t''
D\t''
E\t''
F\t''"
complete -c check_smtp_tls -s D -l certificate -d 'Least remaining life of the certificate, in days, hours or per cent of its whole life: 14d, 36h or 20% [default: 20% but at most 28d, 7% but at most 7d; of a life up to 10d 45%, 20%]' -r -f
complete -c check_smtp_tls -l warning-certificate -d 'WARNING for less remaining life than this' -r -f
complete -c check_smtp_tls -l critical-certificate -d 'CRITICAL for less remaining life than this' -r -f
complete -c check_smtp_tls -l trust -d 'Whether an untrusted certificate counts: pkix always, none never, auto except where clients take any (STARTTLS on ports other than 465 and 587)' -r -f -a "auto\t''
pkix\t''
none\t''"
complete -c check_smtp_tls -l ca-file -d 'PEM file with the authorities to trust in place of the system\'s' -r -F
complete -c check_smtp_tls -l drown-host -d 'Another listener to ask for SSLv2, as HOST:PORT and, where the port does not say it, /starttls-smtp, /imap, /pop3 or /tls; repeatable' -r -f
complete -c check_smtp_tls -l delay -d 'Pause between connections, as in 2s' -r -f
complete -c check_smtp_tls -l output-format -d 'Print plugin text, one JSON object, or text for Prometheus: nagios, json or openmetrics' -r -f -a "nagios\t''
json\t''
openmetrics\t''"
complete -c check_smtp_tls -s t -l timeout -d 'Give up after this many seconds; then the state is UNKNOWN (or STATE), unless what was seen by then already breaches a limit' -r -f
complete -c check_smtp_tls -s S -l starttls -d 'Begin in the clear and ask for STARTTLS [default, except on port 465]'
complete -c check_smtp_tls -s s -l tls -d 'Begin with TLS [default on port 465]'
complete -c check_smtp_tls -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c check_smtp_tls -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c check_smtp_tls -l every-address -d 'Scan every address of the name, one after the other, each in its share of the time; without it at the first that answers'
complete -c check_smtp_tls -l quick -d 'Test STARTTLS and the certificate only: at most 2 connections, no grade and no SSLv2'
complete -c check_smtp_tls -l strict -d 'Count anonymous suites as F on every port'
complete -c check_smtp_tls -l injection -d 'Also test for command injection before TLS (CVE-2011-0411); looks like an attack'
complete -c check_smtp_tls -s v -l verbose -d 'Add long output; twice: also explain what was looked at'
complete -c check_smtp_tls -s h -l help -d 'Print help (see more with \'--help\')'
complete -c check_smtp_tls -s V -l version -d 'Print version'
