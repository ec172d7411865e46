#!/bin/sh
# Signs zones up to a root of their own, and runs a name server for them and a validating resolver in the foreground.
#
#   unshare --mount tests/run-signed-zones.sh UNPACKED INSTANCE
#
# INSTANCE/zones has a line "ZONE FLAW" for each zone, children before their parents, the root (.) last; INSTANCE/ZONE
# its records (the root's in INSTANCE/root), INSTANCE/servers the addresses of name server and resolver, what the
# resolver is: validating, plain, unanchored, misled (another anchor) or permissive, and the address of a name server
# without zones. DS records of children are added here. Zones with the flaw "dead" or "lame" are signed as any: the name
# server of the one is an address where nobody answers, that of the other the one without zones.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 UNPACKED INSTANCE" >&2; exit 64; }
# shellcheck source=tests/private-host.sh
. "$(dirname "$0")/private-host.sh"
private_host "$1" "$2"
cd "$2"
read -r authority resolver kind lame <servers

# sign ZONE FILE OPTION...
sign() {
    zone=$1 file=$2
    shift 2
    key=$(ldns-keygen -a ECDSAP256SHA256 -k -r /dev/urandom "$zone")
    ldns-signzone "$@" -o "$zone" -f "$file.signed" "$file" "$key"
    ldns-key2ds -n -2 "$key.key" >"$file.ds"
}

# One character of the signature over a type is another.
spoil() {
    awk -v type="$2" '$4 == "RRSIG" && $5 == type {
        at = length($0) - 10
        $0 = substr($0, 1, at - 1) (substr($0, at, 1) == "A" ? "B" : "A") substr($0, at + 1)
    } { print }' "$1.signed" >"$1.spoilt"
    mv "$1.spoilt" "$1.signed"
}

# configure ADDRESS NAME
configure() {
    cat >"$2.conf" <<CONF
server:
 ip-address: $1@53
 do-ip6: no
 username: ""
 chroot: ""
 zonesdir: "$PWD"
 database: ""
 pidfile: "$PWD/$2.pid"
 xfrdfile: "$PWD/$2.xfrd"
 zonelistfile: "$PWD/$2.zonelist"
 xfrdir: "$PWD"
remote-control:
 control-enable: no
CONF
}
configure "$authority" nsd
configure "$lame" lame

while read -r zone flaw; do
    file=${zone%.}
    [ "$zone" != . ] || file=root
    # The DS records of the zones below, which stand before it in the list.
    for below in ./*.ds; do
        name=${below#./}
        name=${name%.ds}
        case $zone:$name in
        .:lab | lab.:*.lab) [ "$name" = "$file" ] || cat "$below" >>"$file" ;;
        esac
    done
    signed=$file.signed
    case $flaw in
    expired) sign "$zone" "$file" -i 20260101000000 -e 20260201000000 ;;
    future) sign "$zone" "$file" -i 20360101000000 -e 20360201000000 ;;
    ageing) sign "$zone" "$file" -i "$(date -u -d '-90 days' +%Y%m%d%H%M%S)" -e "$(date -u -d '+10 days' +%Y%m%d%H%M%S)" ;;
    iterated) sign "$zone" "$file" -n -t 500 ;;
    optout) sign "$zone" "$file" -n -p -t 0 ;;
    spoilt-*) sign "$zone" "$file"; spoil "$file" "${flaw#spoilt-}" ;;
    ds) sign "$zone" "$file"; sed -i 's/0$/1/; t; s/.$/0/' "$file.ds" ;;
    algorithm) sign "$zone" "$file"; sed -i 's/\(DS[[:space:]]*[0-9]* \)13 /\1200 /' "$file.ds" ;;
    no-ds) sign "$zone" "$file"; rm "$file.ds" ;;
    unsigned) signed=$file ;;
    dead | lame) sign "$zone" "$file"; continue ;;
    absent) sign "$zone" "$file"; rm "$signed" ;;
    *) sign "$zone" "$file" ;;
    esac
    printf 'zone:\n name: %s\n zonefile: %s\n' "$zone" "$signed" >>nsd.conf
done <zones

module='validator iterator' permissive=no anchor="trust-anchor-file: \"$PWD/root.ds\""
case $kind in
plain) module=iterator ;;
unanchored) anchor= ;;
misled) sed 's/0$/1/; t; s/.$/0/' root.ds >misled.ds; anchor="trust-anchor-file: \"$PWD/misled.ds\"" ;;
permissive) permissive=yes ;;
esac

printf '. NS ns.lab.\nns.lab. A %s\n' "$authority" >hints
cat >unbound.conf <<CONF
server:
 interface: $resolver
 access-control: 127.0.0.0/8 allow
 username: ""
 chroot: ""
 directory: "$PWD"
 pidfile: "$PWD/unbound.pid"
 use-syslog: no
 do-not-query-localhost: no
 do-ip6: no
 root-hints: "$PWD/hints"
 $anchor
 module-config: "$module"
 val-permissive-mode: $permissive
 ede: yes
remote-control:
 control-enable: no
CONF
nsd -d -c nsd.conf &
servers=$!
if grep -q ' lame$' zones; then
    nsd -d -c lame.conf &
    servers="$servers $!"
fi
unbound -d -c unbound.conf &
unbound=$!
# shellcheck disable=SC2086
trap 'kill $servers $unbound 2>/dev/null' TERM INT
wait $unbound
# shellcheck disable=SC2086
kill $servers 2>/dev/null || true
