#!/bin/bash
# The released packages on every system they are for: an APT repository of them, and in a clean Debian each, installation from
# it, an alarm as README.md has it, the upgrade from a package of 8da861c, and purging. Needs root, a network with Debian's
# packages and qemu-user-static; prints what docs/release-check.md holds as its last figures.
#
#   tests/lab/systems.sh [PACKAGES [SUITE:ARCHITECTURE]...]     where `make release` put them
set -euo pipefail
cd "$(dirname "$0")/../.."
packages=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/release-packages}")
shift $(($# > 0))
[ $# -gt 0 ] || set -- bookworm:amd64 trixie:amd64 sid:amd64 bookworm:arm64
name=monitoring-plugins-axigen
spool=/var/spool/$name
plugins=/usr/lib/nagios/plugins

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
fail() {
    echo "FAILED: $system: $*" >&2
    exit 1
}
system=repository
inside() { tests/lab/inside.sh "$root" "$@"; }
# shellcheck disable=SC2016 # dpkg-query's own variable
version_of() { inside dpkg-query -W -f '${Version}' "$1"; }
as_nagios() { inside setpriv --reuid nagios --regid nagios --init-groups "$@"; }

# The key of an owner.
export GNUPGHOME=$scratch/gnupg
install -d -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Owner <owner@example.org>' default default never
repository=$scratch/repository
packaging/repository.sh "$packages" owner@example.org "$repository"
gpgconf --kill gpg-agent

# Of the time when the spool was shared by root and a group.
git clone -q --no-checkout . "$scratch/then"
git -C "$scratch/then" checkout -q 8da861c
# Its maintainer scripts count, which go for every architecture; no program of it is run.
for source in "$scratch"/then/src/bin/*.rs; do
    install -D /bin/true "$scratch/then/bin/$(basename "$source" .rs)"
done
(cd "$scratch/then" && DPKG_DEB_COMPRESSOR_TYPE=none packaging/build-deb.sh bin "$scratch/then/out")
dpkg-deb -R "$scratch"/then/out/"$name"_*.deb "$scratch/then/tree"
sed -i -e 's/^Version: .*/Version: 0.0.1/' -e 's/^Architecture: .*/Architecture: all/' "$scratch/then/tree/DEBIAN/control"
dpkg-deb --root-owner-group -Znone -b "$scratch/then/tree" "$scratch/then.deb" >/dev/null

# Programs of another processor, for as long as nobody else takes them away.
if [[ " $* " == *:arm64* ]] && [ "$(uname -m)" != aarch64 ]; then
    at=/proc/sys/fs/binfmt_misc
    [ -e $at/register ] || mount -t binfmt_misc binfmt_misc $at
    [ -e $at/qemu-aarch64 ] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >$at/register
fi

# What is there, but for the account and its home, which stay, and the records of apt, dpkg and adduser.
snapshot() {
    (cd "$root" && find . \( -path ./proc -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log \
        -o -path ./tmp -o -path ./run -o -path ./var/lib/nagios -o -path ./srv \) -prune -o -print) |
        grep -vE '^\./etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^\./etc/\.pwd\.lock$|/ld\.so\.cache$' | LC_ALL=C sort
}

# What docs/install.md says, with a directory for the web server.
from_repository() {
    cp -r "$repository" "$root/srv/repository"
    install -D -m 644 "$repository/$name.gpg" "$root/etc/apt/keyrings/$name.gpg"
    sed -n '/^Types: deb$/,/^END$/{/^END$/d;p}' docs/install.md | sed 's|^URIs: .*|URIs: file:/srv/repository|' \
        >"$root/etc/apt/sources.list.d/$name.sources"
    inside apt-get -qq update
}

# The phone is told of a queue that is too long, by what cron would run; then all is well again.
alarm() {
    mkdir -p "$root/var/opt/axigen/queue/00"
    for number in $(seq 101); do
        : >"$root/var/opt/axigen/queue/00/S$(printf %X "$number")"
    done
    cat >>"$root/etc/$name/pushover.toml" <<END
token = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
recipient = "me"
api-url = "$(cat "$scratch/url")"
[users]
me = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
END
    inside install -D -m 644 /usr/share/doc/$name/examples/cron /etc/cron.d/axigen-queue
    grep '^\*/10' "$root/etc/cron.d/axigen-queue" | sed 's/^[^ ]* \* \* \* \* nagios  //' >"$root/srv/cron"
    as_nagios sh /srv/cron || fail 'what cron runs'
    grep -q '101 messages (warning 100)' "$scratch/screen" || fail "the phone shows: $(cat "$scratch/screen")"
    rm -r "$root/var/opt/axigen" "$root/etc/cron.d/axigen-queue" "$root/srv/cron"
}

cargo build --quiet --locked --example pushover_phone
figures=()
for system; do
    suite=${system%:*} architecture=${system#*:}
    echo "-- $system"
    root=$scratch/root
    mkdir "$root"
    SUITE=$suite ARCHITECTURES=$architecture tests/lab/root.sh "$root" adduser ca-certificates
    cp /etc/resolv.conf "$root/etc/"
    inside apt-get -qq update
    mkdir -p "$root/etc/cron.d" "$root/etc/apt/keyrings"
    snapshot >"$scratch/before"
    from_repository
    SECONDS=0
    inside apt-get -qq install -y --no-install-recommends $name >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
    took=$SECONDS
    [ "$(inside dpkg -V $name)" = '' ] || fail 'dpkg -V'
    for source in src/bin/*.rs; do
        program=$(basename "$source" .rs)
        code=0
        as_nagios $plugins/"$program" --version >"$scratch/log" || code=$?
        [[ $code = 3 && $(cat "$scratch/log") = "$program "* ]] || fail "$program: $code $(cat "$scratch/log")"
    done

    rm -f "$scratch/url"
    "${CARGO_TARGET_DIR:-target}/debug/examples/pushover_phone" "$scratch/url" >"$scratch/screen" &
    phone=$!
    while [ ! -s "$scratch/url" ]; do kill -0 $phone; done
    SECONDS=0
    alarm
    alarmed=$SECONDS
    kill $phone
    inside apt-get -qq purge -y $name >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"

    cp "$scratch/then.deb" "$root/srv/"
    inside dpkg -i /srv/then.deb >/dev/null
    message=$spool/00000000000000000001-1-0123456789abcdef.json
    inside install -m 0660 -o root -g nagios /dev/null $message
    inside apt-get -qq install -y $name >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
    [ "$(inside stat -c '%U:%G %a' $spool)" = 'nagios:nagios 700' ] || fail "$(inside stat -c '%U:%G %a' $spool)"
    [ "$(inside stat -c %U $message)" = nagios ] || fail 'a message was not handed over'
    version=$(version_of $name)
    [ "$version" != 0.0.1 ] || fail 'apt did not upgrade'
    inside apt-get -qq purge -y $name >"$scratch/log" 2>&1 || fail "$(cat "$scratch/log")"
    rm "$root/etc/apt/keyrings/$name.gpg" "$root/etc/apt/sources.list.d/$name.sources"
    snapshot >"$scratch/after"
    diff "$scratch/before" "$scratch/after" || fail 'something is left behind'

    figures+=("| $suite | $architecture | $(version_of libc6) | $version | $took s | $alarmed s |")
    echo "${figures[-1]}"
    rm -rf "$root"
done
echo
date +%Y-%m-%d
echo '| Debian | Architecture | libc6 | Package | Installation | To the alarm |'
echo '|-|-|-|-|-|-|'
printf '%s\n' "${figures[@]}"
