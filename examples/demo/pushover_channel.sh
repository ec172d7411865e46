# pushover_channel, with a stand-in for Pushover and a phone, and what the daemon of Icinga Notifications writes. Read by
# examples/demo.sh.
# shellcheck shell=sh source=examples/pushover.sh disable=SC2119,SC2154 # stage: set by demo.sh
. "${examples:?}/pushover.sh"

printf '\n== pushover_channel: settings, a notification, a request nobody knows\n'
start_phone
mkdir -p "$stage/channel"
cat >"$stage/channel/pushover.toml" <<TOML
spool-dir = "$stage/channel/spool"
api-url = "$url"
[users]
alice = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
TOML
chmod 640 "$stage/channel/pushover.toml"
# The daemon finds it under the name of the type that its addresses have.
ln -sf "$stage/bin/pushover_channel" "$stage/channel/x_pushover"
show sh -c "x() { $stage/channel/x_pushover --config $stage/channel/pushover.toml; }"'
x <<END
{"method":"SetConfig","id":1,"params":{"token":"azGDORePK8gMaC0QOYAMyEEuzJnyUi","sounds":"crit=siren"}}
{"method":"SendNotification","id":2,"params":{
  "contact":{"full_name":"Alice","addresses":[{"type":"x_pushover","address":"alice"}]},
  "object":{"name":"mail01!queue","tags":{"host":"mail01","service":"queue"}},
  "incident":{"id":22,"severity":"crit"},"event":{"message":"143 messages"}}}
{"jsonrpc":"2.0","method":"Dance","id":3}
END'
stop_phone
