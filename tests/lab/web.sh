#!/bin/sh
# Inside a Debian with Icinga DB Web: starts the whole of it on the loopback, has Icinga 2 run the shipped commands for the
# shipped services, and keeps what the pages make of what they say. /lab/outputs/CODE/PROGRAM is what PROGRAM printed when it
# ended with CODE; check_smtp_tls--quick is that program with --quick. /lab/*.conf go to Icinga 2.
#
#   tests/lab/web.sh      afterwards, in /lab: pages/CODE/HOST!SERVICE.html and .code, perfdata/CODE/HOST!SERVICE,
#                         pages/CODE/list, pages/history, pages/notifications alike; lines: every command line
set -eu
cd /lab
ip link set lo up
echo '127.0.0.1 localhost lab' >/etc/hosts
host=http://127.0.0.1:8080

# wait_for WHAT COMMAND...: at most a minute.
wait_for() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "web: no $what" >&2; exit 1; }
        sleep 0.1
    done
}

sql() { mariadb --no-defaults -S /run/mysqld/mysqld.sock -u root -N -B "$@"; }

install -d -o mysql /run/mysqld
mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock --skip-networking \
    --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0 --performance-schema=off >mariadb.log 2>&1 &
redis-server --port 6380 --save '' >redis.log 2>&1 &
wait_for MariaDB sql -e 'select 1'
for name in icingadb icingaweb; do
    sql -e "create database $name; grant all on $name.* to $name@localhost identified by 'p'"
done
sql icingadb </usr/share/icingadb/schema/mysql/schema.sql
sql icingaweb </usr/share/icingaweb2/schema/mysql.schema.sql

install -d -o nagios /run/icinga2
icinga2 api setup --cn lab >icinga2-setup.log
icinga2 feature enable icingadb >>icinga2-setup.log
cat >/etc/icinga2/features-available/icingadb.conf <<'EOF'
object IcingaDB "icingadb" {
  host = "127.0.0.1"
  port = 6380
}
EOF
echo 'object ApiUser "lab" { password = "p", permissions = [ "*" ] }' >api.conf
mv commands.conf /usr/share/icinga2/include/plugins-contrib.d/
mv ./*.conf /etc/icinga2/conf.d/
# The stock objects would only fill the lists.
rm -f /etc/icinga2/conf.d/hosts.conf /etc/icinga2/conf.d/services.conf /etc/icinga2/conf.d/apt.conf
cat >say <<'END'
#!/bin/sh
name=${0##*/}
line=$name
for word; do
    line=$line$(printf '\037')$word
done
# In one piece, since others write as well.
printf '%s\n' "$line" >>/lab/lines
case " $* " in *' --quick '*) name=$name--quick ;; esac
code=$(cat /lab/code)
cat "/lab/outputs/$code/$name"
exit "$code"
END
chmod 755 say
plugins=/usr/lib/nagios/plugins
for name in $(find outputs -type f -printf '%f\n' | sort -u); do
    cp say "$plugins/${name%--quick}"
done
ln -s /bin/true $plugins/notify_pushover
install -o nagios -m 644 /dev/null lines
# Every service begins well, so that each state after it is a change.
echo 0 >code
cat >icingadb.yml <<'EOF'
database: {host: /run/mysqld/mysqld.sock, database: icingadb, user: icingadb, password: p}
redis: {host: 127.0.0.1, port: 6380}
logging: {output: console}
EOF
icinga2 daemon >icinga2.log 2>&1 &
icingadb -c icingadb.yml >icingadb.log 2>&1 &

web=/etc/icingaweb2
mkdir -p $web/modules/icingadb $web/enabledModules sessions
printf '[global]\nconfig_resource = "web"\nmodule_path = "/usr/share/icingaweb2/modules"\n[logging]\nlog = "file"\nfile = "/lab/web.log"\nlevel = "ERROR"\n' >$web/config.ini
for name in icingadb icingaweb; do
    printf '[%s]\ntype = "db"\ndb = "mysql"\nhost = "localhost"\ndbname = "%s"\nusername = "%s"\npassword = "p"\ncharset = "utf8mb4"\n' \
        "$(echo $name | sed s/icingaweb/web/)" $name $name
done >$web/resources.ini
printf '[all]\nbackend = "external"\n' >$web/authentication.ini
printf '[all]\nusers = "admin"\npermissions = "*"\n' >$web/roles.ini
printf '[icingadb]\nresource = "icingadb"\n' >$web/modules/icingadb/config.ini
printf '[redis1]\nhost = "127.0.0.1"\nport = "6380"\n' >$web/modules/icingadb/redis.ini
rm -f $web/enabledModules/*
ln -s /usr/share/icingaweb2/modules/icingadb $web/enabledModules/icingadb
cat >router.php <<'EOF'
<?php $_SERVER['REMOTE_USER'] = 'admin';
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = '/usr/share/icingaweb2/public/index.php';
chdir('/usr/share/icingaweb2/public');
require '/usr/share/icingaweb2/public/index.php';
EOF
PHP_CLI_SERVER_WORKERS=3 php -d session.save_path=/lab/sessions -S 127.0.0.1:8080 -t /usr/share/icingaweb2/public router.php \
    >php.log 2>&1 &

api() {
    path=$1
    shift
    curl -sfk -u lab:p -H 'Accept: application/json' "https://127.0.0.1:5665/v1/$path" "$@"
}
wait_for 'Icinga 2' api status
services=$(icinga2 object list --type Service | sed -n "s/^Object '\(.*\)' of type 'Service':$/\1/p")
count=$(echo "$services" | wc -l)

page() { curl -s -o "$1.html" -w '%{http_code}' "$host/$2" >"$1.code"; }
# are_in CODE: every service has it, with a text.
are_in() {
    known=$(sql icingadb -e "select count(*) from service_state where soft_state = $1 and is_reachable = 'y' and output != ''")
    [ "$known" -eq "$count" ]
}
for code in 0 1 2 3; do
    echo $code >code.new
    mv code.new code
    api actions/reschedule-check -X POST -d '{"type":"Service","filter":"true","force":true}' >rescheduled.json
    wait_for "state $code in Icinga DB" are_in $code
    mkdir -p pages/$code perfdata/$code
    for service in $services; do
        at=${service%%!*}
        name=${service#*!}
        page "pages/$code/$service" "icingadb/service?name=$name&host.name=$at"
        sql -r icingadb -e "select normalized_performance_data from service_state join service on service.id = service_state.service_id join host on host.id = service.host_id where service.name = '$name' and host.name = '$at'" >"perfdata/$code/$service"
    done
    page pages/$code/list 'icingadb/services?view=detailed&limit=500'
done
# The services of mail01 notify, in every state but the first.
told=$((3 * $(echo "$services" | grep -c '^mail01!')))
are_told() {
    known=$(sql icingadb -e 'select count(distinct service_id, state) from notification_history where service_id is not null')
    [ "$known" -ge "$told" ]
}
wait_for 'notifications in Icinga DB' are_told
page pages/history 'icingadb/history?view=detailed&limit=500'
page pages/notifications 'icingadb/notifications?view=detailed&limit=500'
