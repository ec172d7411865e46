complete -c smtp_canary -f
complete -c smtp_canary -l domain -d 'Domain of the canary mails, the same as that of --canary' -r -f
complete -c smtp_canary -l state -d 'Directory that is shared with the check' -r -f -a "(__fish_complete_directories)"
complete -c smtp_canary -l pem -d 'PEM file with key and certificate chain [default: the systemd credential smtp-canary.pem, else a self-signed one made at the first start]' -r -F
complete -c smtp_canary -s t -l timeout -d 'End the connection after this many seconds' -r -f
complete -c smtp_canary -l tls -d 'TLS begins at once, as on port 465 [default: STARTTLS]'
complete -c smtp_canary -s h -l help -d 'Print help (see more with \'--help\')'
complete -c smtp_canary -s V -l version -d 'Print version'
