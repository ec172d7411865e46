#!/bin/bash
# The built packages: lint, installation, upgrade, removal and purge in a Debian of their own.
#
#   tests/lab/packages.sh [DIR]     where `make packages` or `make release` put them
set -euo pipefail
cd "$(dirname "$0")/../.."
packages=${1:-${CARGO_TARGET_DIR:-target}/packages}
# The architecture of this machine is what is tried; others are looked at, and tests/lab/systems.sh runs them.
architecture=$(dpkg --print-architecture)
deb=$(echo "$packages/monitoring-plugins-axigen"_*_"$architecture.deb")
rpm=$(echo "$packages"/*."$(uname -m).rpm")
bin=$(realpath "$packages/bin/$architecture")
name=monitoring-plugins-axigen
config=/etc/$name/pushover.toml
spool=/var/spool/$name

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
step() { echo "-- $*"; }
# is WHAT FOUND WANTED
is() { [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"; }

step lint
mkdir "$scratch/lint"
cp "$packages"/*.deb "$packages"/*.changes "$packages"/*.buildinfo "$packages"/*.rpm "$scratch/lint/"
chown -R nobody "$scratch/lint"
# lintian wants to be somebody without rights.
runuser -u nobody -- sh -c "cd '$scratch/lint' && lintian -EI --pedantic --fail-on error,warning,info,pedantic,experimental ./*.changes"
rpmlint -s -c packaging/rpm/rpmlint.toml "$scratch"/lint/*.rpm 2>&1 | tee "$scratch/rpmlint"
grep -q ' 0 errors, 0 warnings' "$scratch/rpmlint" || fail rpmlint

step 'who answers for them'
# shellcheck source=packaging/contact
. packaging/contact
is Maintainer: "$(dpkg-deb -f "$deb" Maintainer)" "$maintainer"
is Bugs: "$(dpkg-deb -f "$deb" Bugs)" "$bugs"
is 'Packager and BugURL' "$(rpm -qp --qf '%{PACKAGER} %{BUGURL}' "$rpm")" "$maintainer $bugs"

step 'what is in them, of every architecture'
(cd "$packages" && sha256sum --quiet --check SHA256SUMS)
mkdir "$scratch/unpacked"
for package in "$packages"/*.deb "$packages"/*.rpm; do
    [[ $package != *dbgsym* ]] || continue
    within=$scratch/unpacked/$(basename "$package")
    mkdir "$within"
    case $package in
    *.deb) dpkg-deb -x "$package" "$within" ;;
    *.rpm) rpm2cpio "$package" | (cd "$within" && cpio --quiet -id) ;;
    esac
    sbom=$within/usr/share/$name/sbom.cdx.json
    [ "$(python3 -c 'import json, sys
bom = json.load(open(sys.argv[1]))
print(bom["bomFormat"], {c["name"] for c in bom["components"]} >= {"rustls", "aws-lc-sys"})' "$sbom")" = 'CycloneDX True' ] || fail "$sbom"
    # No path of the machine that built it. mktemp names where a release is built.
    ! grep -rlF -e "$PWD" -e "$HOME/" -e "${CARGO_HOME:-$HOME/.cargo}" -e "$(dirname "$(mktemp -u)")/tmp." "$within" ||
        fail "$package names a path of this machine"
    for source in src/bin/*.rs; do
        program=$(find "$within" -path "*/plugins/$(basename "$source" .rs)")
        readelf --wide --dynamic --program-headers --dyn-syms "$program" >"$scratch/elf"
        # The last two are of the C in it, which is the cryptography.
        for mark in 'NOW PIE' GNU_RELRO 'GNU_STACK .* RW ' ' __stack_chk_fail@' ' __[a-z]*_chk@'; do
            grep -q "$mark" "$scratch/elf" || fail "$program: no $mark"
        done
    done
done

root=$scratch/root
mkdir "$root"
tests/lab/root.sh "$root" adduser ca-certificates
inside() { tests/lab/inside.sh "$root" "$@"; }
# What is there, but for the account and its home, which stay, and the records of dpkg and adduser.
snapshot() {
    (cd "$root" && find . -path ./proc -prune -o -path ./var/lib/dpkg -prune -o -path ./var/cache -prune -o \
        -path ./var/log -prune -o -path ./tmp -prune -o -path ./run -prune -o -path ./var/lib/nagios -prune -o -print) |
        grep -vE '^\./etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^\./etc/\.pwd\.lock$' | LC_ALL=C sort
}
cp "$deb" "$root/tmp/new.deb"

waiting() { find "$root$spool" -maxdepth 1 -name '[0-9]*.json' | wc -l; }

# repack OUT VERSION [LINE]: the same package under another version, its sample configuration with another line.
repack() {
    rm -rf "$scratch/tree"
    dpkg-deb -R "$root/tmp/new.deb" "$scratch/tree"
    sed -i "s/^Version: .*/Version: $2/" "$scratch/tree/DEBIAN/control"
    [ -z "${3:-}" ] || echo "$3" >>"$scratch/tree$config"
    dpkg-deb --root-owner-group -Znone -b "$scratch/tree" "$root/tmp/$1" >/dev/null
}
repack old.deb 0.0.1
repack newer.deb 999 '# something new'
repack newest.deb 1000 '# something new'

step 'installation, without an account nagios'
inside getent passwd nagios && fail 'there is an account nagios'
snapshot >"$scratch/before"
inside dpkg -i /tmp/old.deb
inside getent passwd nagios >/dev/null || fail 'no account nagios'
state() { inside stat -c '%U:%G %a' "$1"; }
is "$config" "$(state $config)" 'root:nagios 640'
is "$spool" "$(state $spool)" 'nagios:nagios 700'
is 'dpkg -V' "$(inside dpkg -V $name)" ''
[ -z "$(find "$root/etc/systemd" -name 'notify-pushover*')" ] || fail 'a unit is enabled'

step 'every program, as nagios'
as_nagios() { inside setpriv --reuid nagios --regid nagios --init-groups "$@"; }
for source in src/bin/*.rs; do
    program=$(basename "$source" .rs)
    code=0
    said=$(as_nagios /usr/lib/nagios/plugins/"$program" --version) || code=$?
    is "$program" "$code $said" "3 $program $(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)"
done
# run CODE WORDS PROGRAM ARGUMENT...: as nagios, which must end so and say so.
run() {
    local code=0 said wanted=$1 words=$2 program=$3
    shift 3
    said=$(as_nagios "/usr/lib/nagios/plugins/$program" "$@") || code=$?
    [[ $code = "$wanted" && $said = *"$words"* ]] || fail "$program $* ended with $code: $said"
}
is 'notify_pushover in the PATH' "$(as_nagios notify_pushover --version)" "$(as_nagios /usr/lib/nagios/plugins/notify_pushover --version)"
mkdir -p "$root/srv/queue/00"
touch "$root/srv/queue/00/S1" "$root/srv/queue/00/M1"
run 0 'AXIGEN QUEUE OK - 1 message' check_axigen_queue --queue-dir /srv/queue
chmod 700 "$root/srv/queue/00"
run 3 'AXIGEN QUEUE UNKNOWN' check_axigen_queue --queue-dir /srv/queue

step 'programs without their configuration'
run 2 'PUSHOVER CRITICAL' check_pushover
run 3 'kept' notify_pushover --message 'nobody to tell'
is 'messages kept' "$(waiting)" 1
mv "$root$config" "$scratch/sample"
run 3 'kept' notify_pushover --message 'nobody to tell'
mv "$scratch/sample" "$root$config"
is 'messages kept' "$(waiting)" 2

step 'upgrade: what the administrator decided stays'
sed -i 's/^#recipient = .*/recipient = "me"/' "$root$config"
inside dpkg-statoverride --update --add root root 0750 $spool
cp "$root$config" "$scratch/edited"
inside dpkg -i /tmp/new.deb
cmp "$root$config" "$scratch/edited"
is "$spool" "$(state $spool)" 'root:root 750'
inside dpkg --force-confdef --force-confold -i /tmp/newer.deb
cmp "$root$config" "$scratch/edited"
grep -q 'something new' "$root$config.dpkg-dist" || fail 'the new sample is not beside the edited one'
is "$config" "$(state $config)" 'root:nagios 640'
inside dpkg-statoverride --remove $spool

step 'what an account owns stays its own'
inside chown games:games $spool
inside dpkg --force-confdef --force-confold -i /tmp/newest.deb
is "$spool" "$(state $spool)" 'games:games 750'
inside chown nagios:nagios $spool

step 'removal keeps configuration and messages'
inside dpkg -r $name
cmp "$root$config" "$scratch/edited"
is 'messages kept' "$(waiting)" 2
[ ! -e "$root/usr/lib/nagios/plugins/notify_pushover" ] || fail 'the programs are still there'

step 'purge removes all, and says so'
inside dpkg -P $name | tee "$scratch/said"
grep -q "Removing $spool and the messages in it" "$scratch/said" || fail 'purge says nothing of the spool'
rm -rf "$root/srv/queue"
snapshot >"$scratch/after"
diff "$scratch/before" "$scratch/after" || fail 'something is left behind'

step 'upgrade from the time when the spool was shared by root and a group'
# Before 2026-11-26 root:nagios 0770. The maintainer scripts are those of that time.
git clone -q --no-checkout . "$scratch/then"
git -C "$scratch/then" checkout -q 8da861c
(cd "$scratch/then" && DPKG_DEB_COMPRESSOR_TYPE=none packaging/build-deb.sh "$bin" "$scratch/then/out")
cp "$scratch"/then/out/"$name"_*.deb "$root/tmp/then.deb"
inside dpkg -i /tmp/then.deb
is "$spool" "$(state $spool)" 'root:nagios 770'
run 3 'kept' notify_pushover --message 'by the account'
run 3 'kept' notify_pushover --message 'by root'
# As root has left it: its own, readable for the group.
inside find $spool -name '[0-9]*.json' -newer $spool/.lock -exec chown root:nagios {} +
inside install -d -o root -g nagios -m 0770 $spool/failed
inside sh -c "cp -p \$(ls -d $spool/[0-9]*.json | tail -n 1) $spool/failed/00000000000000000005-1-0123456789abcdef.json"
# What a member of the group may have put there.
inside install -m 0600 /dev/null /etc/secret
inside ln /etc/secret $spool/00000000000000000003-1-0123456789abcdef.json
inside ln -s /etc/secret $spool/00000000000000000004-1-0123456789abcdef.json
is 'messages kept' "$(waiting)" 4
inside dpkg -i /tmp/newer.deb
is "$spool" "$(state $spool)" 'nagios:nagios 700'
is 'failed/' "$(state $spool/failed)" 'nagios:nagios 700'
is 'a secret of root' "$(state /etc/secret)" 'root:root 600'
is 'messages of others' "$(inside find $spool -type f -links 1 ! -user nagios)" ''
inside rm "$spool/00000000000000000003-1-0123456789abcdef.json" "$spool/00000000000000000004-1-0123456789abcdef.json"
run 3 'no token' notify_pushover flush
run 3 'kept' notify_pushover flush --retry-failed
is 'messages kept' "$(waiting)" 3
code=0
said=$(inside /usr/lib/nagios/plugins/notify_pushover --message 'root as nagios') || code=$?
[[ $code = 3 && $said = *kept* ]] || fail "root: $code $said"
is 'messages of others' "$(inside find $spool -type f ! -user nagios)" ''
inside dpkg -P $name
inside rm /etc/secret

step 'an account nagios whose group has another name'
inside userdel nagios
inside groupadd --system monitoring
inside useradd --system --gid monitoring --home /var/lib/nagios --shell /bin/false nagios
inside dpkg -i /tmp/new.deb
is "$config" "$(state $config)" 'root:monitoring 640'
is "$spool" "$(state $spool)" 'nagios:monitoring 700'
inside dpkg -P $name

if dpkg-deb -f "$root/tmp/new.deb" Depends | grep 'libc6 (>= 2.28)' >/dev/null; then
    step 'the package for old systems on Debian 11, with glibc 2.31'
    mkdir "$scratch/old"
    SUITE=bullseye tests/lab/root.sh "$scratch/old" adduser ca-certificates
    cp "$root/tmp/new.deb" "$scratch/old/tmp/"
    tests/lab/inside.sh "$scratch/old" dpkg -i /tmp/new.deb
    for source in src/bin/*.rs; do
        program=$(basename "$source" .rs)
        code=0
        tests/lab/inside.sh "$scratch/old" /usr/lib/nagios/plugins/"$program" --version || code=$?
        is "$program --version" "$code" 3
    done
fi

step 'the .rpm, as far as rpm on Debian goes: no dependencies are solved'
inside useradd --system --home /var/lib/icinga --shell /bin/false icinga
inside groupadd --system icingacmd
on_root() { rpm --root "$root" "$@"; }
on_root --initdb
on_root -i --nodeps "$rpm"
is "$config" "$(state $config)" 'root:icinga 640'
is "$spool" "$(state $spool)" 'icinga:icinga 700'
is 'rpm -V' "$(on_root -V --nodeps $name)" ''
grep -qx User=icinga "$root/usr/lib/systemd/system/notify-pushover-flush.service" || fail 'User='
grep -q /usr/lib64/nagios/plugins/notify_pushover "$root/usr/lib/systemd/system/notify-pushover-flush.service" || fail 'ExecStart='
for program in /usr/lib64/nagios/plugins/check_axigen_queue notify_pushover; do
    code=0
    inside $program --version >/dev/null || code=$?
    is "$program --version" "$code" 3
done
sed -i 's/^#recipient = .*/recipient = "me"/' "$root$config"
cp "$root$config" "$scratch/edited"
packaging/build-rpm.sh "$bin" "$scratch/second" --define 'suite_release 2'
on_root -U --nodeps "$scratch"/second/*.rpm
cmp "$root$config" "$scratch/edited"
is "$config" "$(state $config)" 'root:icinga 640'
is "$spool" "$(state $spool)" 'icinga:icinga 700'
on_root -e $name
cmp "$root$config.rpmsave" "$scratch/edited"
[ ! -e "$root/usr/lib64/nagios" ] || fail 'the programs are still there'

step 'the .rpm where only nagios runs a core, over one of the time when a group shared the spool'
inside userdel icinga
(cd "$scratch/then" && packaging/build-rpm.sh "$bin" "$scratch/then/out")
on_root -i --nodeps "$scratch"/then/out/*.rpm
is "$spool" "$(state $spool)" 'root:monitoring 770'
message=$spool/00000000000000000001-1-0123456789abcdef.json
inside install -m 0660 -o root -g monitoring /dev/null $message
on_root -U --nodeps "$rpm"
is 'a message' "$(state $message)" 'nagios:monitoring 660'
is "$config" "$(state $config)" 'root:monitoring 640'
is "$spool" "$(state $spool)" 'nagios:monitoring 700'
is 'rpm -V' "$(on_root -V --nodeps $name)" ''
dropin=$root/usr/lib/systemd/system/notify-pushover-flush.service.d
grep -qx User=nagios "$dropin/account.conf" || fail 'User= of the account there is'
on_root -e $name
[ ! -e "$dropin" ] || fail 'the account of the timer is still there'

step 'SUSE keeps plugins elsewhere'
packaging/build-rpm.sh "$bin" "$scratch/suse" --define 'suse_version 1600'
rpm -qpl "$scratch"/suse/*.rpm | grep -x /usr/lib/nagios/plugins/check_axigen_queue >/dev/null || fail 'not in /usr/lib/nagios/plugins'
echo 'packages: passed'
