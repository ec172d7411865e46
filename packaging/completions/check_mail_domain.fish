complete -c check_mail_domain -f
complete -c check_mail_domain -s d -l domain -d 'The domain, what stands behind the @' -r -f
complete -c check_mail_domain -l require -d 'What must be there, or the state is CRITICAL: dnssec, dane, mta-sts, any (dane or mta-sts), tls-rpt, spf, dkim, dmarc or none, with commas between [default: any, spf and dmarc, or the state is WARNING]' -r -f -a "any\t''
none\t''
dnssec\t''
dane\t''
mta-sts\t''
tls-rpt\t''
spf\t''
dkim\t''
dmarc\t''"
complete -c check_mail_domain -l profile -d 'Judge by what an authority asks for: bsi for all seven of --require, ncsc2025 for TLS of each mail server; repeatable' -r -f -a "bsi\t''
ncsc2025\t''"
complete -c check_mail_domain -l dkim-selector -d 'Selector of a DKIM key, what stands before ._domainkey; repeatable' -r -f
complete -c check_mail_domain -l rollover -d 'WARNING when the certificate ends in less than this, and no record for the next one is there, as in 14d' -r -f
complete -c check_mail_domain -l mta-sts-mode -d 'testing when an MTA-STS policy in that mode is all that is wanted' -r -f -a "enforce\t''
testing\t''"
complete -c check_mail_domain -l dmarc-policy -d 'none when a DMARC policy of p=none is all that is wanted' -r -f -a "quarantine\t''
none\t''"
complete -c check_mail_domain -l dns-server -d 'Resolver to ask, which validates DNSSEC and is believed; repeatable [default: those of /etc/resolv.conf, believed on loopback or with options trust-ad]' -r -f
complete -c check_mail_domain -l ca-file -d 'PEM file with the authorities to trust in place of the system\'s' -r -F
complete -c check_mail_domain -l helo -d 'Name to give in EHLO [default: this host\'s full name, else its address in brackets]' -r -f
complete -c check_mail_domain -l source-address -d 'Address to connect from' -r -f
complete -c check_mail_domain -l output-format -d 'Print plugin text, one JSON object, or text for Prometheus: nagios, json or openmetrics' -r -f -a "nagios\t''
json\t''
openmetrics\t''"
complete -c check_mail_domain -s t -l timeout -d 'Give up after this many seconds; then the state is UNKNOWN (or STATE), unless what was seen by then already breaches a limit' -r -f
complete -c check_mail_domain -l no-connect -d 'Read DNS and the policy file only, and contact no mail server'
complete -c check_mail_domain -l null-mx -d 'The domain is to take no mail: OK when it says so by a null MX'
complete -c check_mail_domain -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c check_mail_domain -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c check_mail_domain -s v -l verbose -d 'Add long output; twice: also explain what was looked at'
complete -c check_mail_domain -s h -l help -d 'Print help (see more with \'--help\')'
complete -c check_mail_domain -s V -l version -d 'Print version'
