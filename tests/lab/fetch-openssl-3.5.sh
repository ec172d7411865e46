#!/bin/sh
# Unpacks the OpenSSL of Debian 13 with the C library it needs into DIR; nothing is installed.
#
#   tests/lab/fetch-openssl-3.5.sh DIR     then DIR/openssl is the program
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 64; }
mkdir -p "$1"
cd "$1"
dir=$PWD
exec 9>"$dir/lock"
flock 9
[ ! -e "$dir/openssl" ] || exit 0

mkdir -p lists/partial archives/partial
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb [signed-by=$keyring] http://deb.debian.org/debian trixie main" >sources.list
: >status
get() {
    apt-get -qq -o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o "Dir::State::Lists=$dir/lists" -o "Dir::State::Status=$dir/status" -o "Dir::Cache=$dir" \
        -o APT::Sandbox::User=root -o "Dir::Cache::Archives=$dir/archives" "$@"
}
get update
get download openssl libssl3t64 openssl-provider-legacy libc6 libzstd1 zlib1g
for package in ./*.deb; do
    dpkg -x "$package" .
done
rm -rf ./*.deb lists archives
machine=$(uname -m)
loader=$(echo "$dir"/usr/lib/"$machine"-linux-gnu/ld-linux-*.so.*)
cat >wrapper <<SH
#!/bin/sh
exec $loader --library-path $dir/usr/lib/$machine-linux-gnu $dir/usr/bin/openssl "\$@"
SH
chmod +x wrapper
mv wrapper openssl
