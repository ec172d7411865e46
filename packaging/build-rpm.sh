#!/bin/sh
# Builds the RPM package of the programs in BINDIR into OUT.
#
#   packaging/build-rpm.sh BINDIR OUT [RPMBUILD OPTION...]     on Debian, SUSE's layout: --define 'suse_version 1600'
set -eu
[ $# -ge 2 ] || { echo "usage: $0 BINDIR OUT [RPMBUILD OPTION...]" >&2; exit 64; }
# shellcheck source=packaging/common.sh
. "$(dirname "$0")/common.sh"
mkdir -p "$2"
bindir=$(cd "$1" && pwd) out=$(cd "$2" && pwd)
shift 2

copy_sources "$work/$name-$version"
mkdir "$work/top" "$work/top/SOURCES"
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -c "$name-$version" |
    gzip -n >"$work/top/SOURCES/$name-$version.tar.gz"
{
    sed "/^# include hand-over.sh$/r $top/packaging/hand-over.sh" "$top/packaging/rpm/$name.spec"
    changelog rpm
} >"$work/$name.spec"
# Debian's rpm has its own idea of post-processing, and no hint of the build may stay in the package.
rpmbuild -bb --nodeps --target "$(machine_of "$bindir")" \
    --define "_topdir $work/top" --define "_rpmdir $out" --define '_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
    --define "suite_version $version" --define "suite_maintainer $maintainer" --define "suite_bugs $bugs" \
    --define "bindir_prebuilt $bindir" \
    --define '_docdir_fmt %%{NAME}' --define '__os_install_post %{nil}' --define '_buildhost reproducible' \
    --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' \
    --define '_binary_payload w19.zstdio' \
    "$@" "$work/$name.spec" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
