#!/bin/sh
# Builds OpenSSL 1.1.0i into DIR: the last to be had that speaks SSLv3, RC4, 3DES, NULL and short primes. Takes minutes.
#
#   tests/lab/fetch-openssl.sh DIR     then DIR/openssl is the program
set -eu
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 64; }
mkdir -p "$1"
exec 9>"$1/lock"
flock 9
[ ! -e "$1/openssl" ] || exit 0
cd "$1"
# Its source comes inside a crate; the crate itself is not used.
mkdir -p source
cat >Cargo.toml <<'TOML'
[package]
name = "old-openssl"
version = "0.0.0"
[workspace]
[lib]
path = "Cargo.toml"
[dependencies]
openssl-src = "=110.0.7"
TOML
cargo vendor --quiet source >vendor.log
grep -q '"package":"c02d15268b7d1b3f0c83a2358f3d981139b54079440f1e2a29c60c1818ad5516"' \
    source/openssl-src/.cargo-checksum.json
(
    cd source/openssl-src/openssl
    unset CARGO_MAKEFLAGS MAKEFLAGS MAKELEVEL
    ./config enable-ssl3 enable-ssl3-method enable-weak-ssl-ciphers no-shared
    make -j "$(nproc)" build_generated
    make -j "$(nproc)" apps/openssl
) >build.log 2>&1 || { tail -n 20 build.log >&2; exit 1; }
ln source/openssl-src/openssl/apps/openssl openssl
rm -r source
