#!/bin/sh
# Inside a Debian with Icinga DB Web: starts the whole of it on the loopback, has Icinga 2 take what lies in /lab/outputs, and
# keeps what the pages make of it. /lab/outputs/NAME is what a check printed, /lab/codes/NAME its exit code.
#
#   tests/lab/web.sh      afterwards: /lab/pages/NAME.html and .code, /lab/perfdata/NAME, /lab/list.html and .code
set -eu
cd /lab
ip link set lo up
echo '127.0.0.1 localhost lab' >/etc/hosts
host=http://127.0.0.1:8080
names=$(find outputs -type f -printf '%f\n' | sort)

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
{
    echo 'object ApiUser "lab" { password = "p", permissions = [ "*" ] }'
    echo 'object Host "mail01" { check_command = "dummy" }'
    # shellcheck disable=SC2016 # a macro of Icinga's
    echo 'object CheckCommand "said" { command = [ "/lab/say", "$service.name$" ] }'
    for name in $names; do
        echo "object Service \"$name\" { host_name = \"mail01\", check_command = \"said\", max_check_attempts = 1, check_interval = 1h }"
    done
} >lab.conf
cp lab.conf /etc/icinga2/conf.d/lab.conf
# The stock objects would only fill the lists.
rm -f /etc/icinga2/conf.d/hosts.conf /etc/icinga2/conf.d/services.conf /etc/icinga2/conf.d/apt.conf
cat >say <<'EOF'
#!/bin/sh
cat "/lab/outputs/$1"
exit "$(cat "/lab/codes/$1")"
EOF
chmod 755 say
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
wanted=$(echo "$names" | wc -l)
api actions/reschedule-check -X POST -d '{"type":"Service","filter":"true","force":true}' >rescheduled.json
are_in() {
    known=$(sql icingadb -e "select count(*) from service_state where last_update is not null and output != ''")
    [ "$known" -eq "$wanted" ]
}
wait_for 'states in Icinga DB' are_in

mkdir -p pages perfdata
page() { curl -s -o "$1.html" -w '%{http_code}' "$host/$2" >"$1.code"; }
for name in $names; do
    page "pages/$name" "icingadb/service?name=$name&host.name=mail01"
    sql -r icingadb -e "select normalized_performance_data from service_state join service on service.id = service_state.service_id where service.name = '$name'" >"perfdata/$name"
done
page list 'icingadb/services?view=detailed&limit=500'
