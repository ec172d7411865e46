#!/bin/sh
# Runs a resolver of the kind that hosts have between them and the one that validates, in the foreground.
#
#   unshare --mount tests/run-forwarder.sh UNPACKED INSTANCE
#
# INSTANCE/forwarder has its address, that of the resolver behind it, and what it is: dnsmasq, dnsmasq-proxy (which hands on
# what the other says of DNSSEC), resolved (systemd's, as it comes) or resolved-validating; INSTANCE/root.ds the anchor.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/private-host.sh"
private_host "$1" "$2" systemd-resolve:64997
cd "$2"
read -r address behind kind <forwarder

case $kind in
dnsmasq*)
    proxy=
    [ "$kind" = dnsmasq ] || proxy=--proxy-dnssec
    exec dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --bind-interfaces --user=root \
        --pid-file= --listen-address="$address" --server="$behind" $proxy
    ;;
resolved*)
    validates=no
    [ "$kind" = resolved ] || validates=yes
    for place in /run/systemd /etc/systemd /etc/dnssec-trust-anchors.d; do
        mkdir -p "$place"
        mount -t tmpfs tmpfs "$place"
    done
    mkdir /run/systemd/resolve
    chown systemd-resolve:systemd-resolve /run/systemd/resolve
    cat >/etc/systemd/resolved.conf <<CONF
[Resolve]
DNS=$behind
FallbackDNS=
DNSSEC=$validates
DNSStubListener=no
DNSStubListenerExtra=$address
Cache=no
CONF
    awk '{ print ". IN DS", $(NF - 3), $(NF - 2), $(NF - 1), $NF }' root.ds >/etc/dnssec-trust-anchors.d/root.positive
    exec /usr/lib/systemd/systemd-resolved
    ;;
esac
