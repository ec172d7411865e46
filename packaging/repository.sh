#!/bin/sh
# Lays an APT repository of the packages in PACKAGES into OUT, signed with KEY of the caller's GnuPG: a directory that any web
# server can show. Run again with newer packages it takes those in.
#
#   packaging/repository.sh PACKAGES KEY OUT
set -eu
[ $# -eq 3 ] || { echo "usage: $0 PACKAGES KEY OUT" >&2; exit 64; }
name=monitoring-plugins-axigen
packages=$(cd "$1" && pwd)
mkdir -p "$3"
out=$(cd "$3" && pwd)
# The fingerprint, so that a second key of the same name changes nothing.
[ -n "$2" ] || { echo 'whose signature? KEY=... names a key of your GnuPG' >&2; exit 64; }
key=$(gpg --batch --with-colons --list-secret-keys "$2" | sed -n '/^fpr:/{s/^fpr:*\([^:]*\):$/\1/p;q}')

# What reprepro needs to know is of no use to those who install.
book=$out/.reprepro
mkdir -p "$book/conf"
architectures=$(for package in "$packages/$name"_*.deb; do dpkg-deb -f "$package" Architecture; done | sort -u | tr '\n' ' ')
cat >"$book/conf/distributions" <<END
Origin: $name
Label: $name
Codename: stable
Architectures: $architectures
Components: main
Description: monitoring plugins for Axigen mail servers
SignWith: $key
END
for package in "$packages/$name"*.deb; do
    reprepro --silent --basedir "$book" --outdir "$out" includedeb stable "$package"
done
gpg --batch --yes --output "$out/$name.gpg" --export "$key"
echo "repository: $out for $architectures- signed by $key, whose public part is $name.gpg there"
