#!/bin/sh
# A content filter for OpenSMTPD (smtpd-filters(7)): rejects at the end of a mail what has the first bytes of the test file
# in base64, at the start of a line or within one, as in an archive.
while IFS= read -r line; do
    [ "$line" != 'config|ready' ] || break
done
echo 'register|filter|smtp-in|data-line'
echo 'register|filter|smtp-in|commit'
echo 'register|ready'
infected=
while IFS='|' read -r _ _ _ _ phase session token line; do
    case $phase in
    data-line)
        case $line in *WDVPIVAlQEFQ*) infected=$session ;; esac
        echo "filter-dataline|$session|$token|$line"
        ;;
    commit)
        if [ "$infected" = "$session" ]; then
            echo "filter-result|$session|$token|reject|550 5.7.1 Virus found"
        else
            echo "filter-result|$session|$token|proceed"
        fi
        infected=
        ;;
    esac
done
