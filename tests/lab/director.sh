#!/bin/sh
# Inside a Debian with Icinga Director: restores the shipped basket into a fresh database, twice, as an administrator who
# upgrades does, and deploys it for two hosts to the Icinga 2 that runs there.
#
#   tests/lab/director.sh      needs /lab/basket.json and the shipped commands; afterwards /lab/services.json
set -eu
cd /lab
ip link set lo up
# Director reaches Icinga 2 by the name of its endpoint.
echo '127.0.0.1 localhost lab' >/etc/hosts
socket=/run/mysqld/mysqld.sock
install -d -o mysql /run/mysqld
mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --socket=$socket --skip-networking \
    --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0 --performance-schema=off >mariadb.log 2>&1 &
# It answers as soon as it listens; the client tries again until then.
mariadb-admin --no-defaults -S $socket -u root --wait=60 ping >/dev/null
sql() { mariadb --no-defaults -S $socket -u root -N -B "$@"; }
sql -e "create database director character set utf8; grant all on director.* to director@localhost identified by 'p'"

export ICINGAWEB_CONFIGDIR=/lab/web
mkdir -p web/enabledModules web/modules/director
for module in director incubator; do
    ln -s /usr/share/icingaweb2/modules/$module web/enabledModules/$module
done
printf '[global]\nconfig_resource = "director"\nmodule_path = "/usr/share/icingaweb2/modules"\n[logging]\nlog = "none"\n' >web/config.ini
printf '[director]\ntype = "db"\ndb = "mysql"\nhost = "localhost"\ndbname = "director"\nusername = "director"\npassword = "p"\ncharset = "utf8"\n' >web/resources.ini
printf '[db]\nresource = "director"\n' >web/modules/director/config.ini

install -d -o nagios /run/icinga2
icinga2 api setup --cn lab >setup.log
# Commands of the package and those of Icinga itself; the objects are Director's.
rm -f /etc/icinga2/conf.d/hosts.conf /etc/icinga2/conf.d/services.conf /etc/icinga2/conf.d/apt.conf
echo 'object ApiUser "director" { password = "p", permissions = [ "*" ] }' >/etc/icinga2/conf.d/director.conf
icinga2 daemon >icinga2.log 2>&1 &
# api PATH: what it answers, as soon as it does; at most a minute.
api() {
    curl -sfk -u director:p -H 'Accept: application/json' --retry 60 --retry-all-errors --retry-delay 1 "https://127.0.0.1:5665/v1/$1"
}
api status >/dev/null

printf '[config]\nendpoint = "lab"\nhost = "127.0.0.1"\nport = 5665\nusername = "director"\npassword = "p"\n' >web/modules/director/kickstart.ini
icingacli director migration run
icingacli director kickstart run
icingacli director basket restore <basket.json
count() { sql director -e 'select (select count(*) from director_datafield), (select count(*) from icinga_service)'; }
first=$(count)
icingacli director basket restore <basket.json
[ "$(count)" = "$first" ] || { echo "a second restore adds objects: $first, then $(count)" >&2; exit 1; }

# host NAME VARIABLE: a host with a service set.
host() {
    icingacli director host create "$1" --json "{\"object_type\": \"object\", \"address\": \"127.0.0.1\", \"check_command\": \"axigen_smtp_accept\", \"vars\": {\"$2\": true}}"
}
host mail01 axigen
host postfix mail_server
# Restoring names commands that Icinga itself knows; a later kickstart imports their arguments and must keep the fields.
icingacli director kickstart run
icingacli director config deploy
api 'objects/services/mail01!SMTP' >/dev/null
api objects/services >services.json
