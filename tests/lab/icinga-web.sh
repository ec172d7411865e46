# shellcheck shell=sh disable=SC2034 # host: used by those who read this
# Starts Icinga 2, Icinga DB and Icinga DB Web on the loopback, inside a Debian that has them. Read by web.sh and by
# pictures-inside.sh, in /lab: /lab/*.conf and our commands go to Icinga 2.
host=http://127.0.0.1:8080

# wait_for WHAT COMMAND...: at most a minute. Nothing tells when Icinga DB has written a state, so it is looked for ten times a
# second.
wait_for() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { echo "$what: not in a minute" >&2; exit 1; }
        sleep 0.1
    done
}

sql() { mariadb --no-defaults -S /run/mysqld/mysqld.sock -u root -N -B "$@"; }

api() {
    path=$1
    shift
    curl -sfk -u lab:p -H 'Accept: application/json' "https://127.0.0.1:5665/v1/$path" "$@"
}

start_databases() {
    install -d -o mysql /run/mysqld
    mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock --skip-networking \
        --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0 --performance-schema=off >mariadb.log 2>&1 &
    redis-server --port 6380 --save '' >redis.log 2>&1 &
    # It answers as soon as it listens; the client tries again until then.
    mariadb-admin --no-defaults -S /run/mysqld/mysqld.sock -u root --wait=60 ping >/dev/null
    for name in icingadb icingaweb; do
        sql -e "create database $name; grant all on $name.* to $name@localhost identified by 'p'"
    done
    sql icingadb </usr/share/icingadb/schema/mysql/schema.sql
    sql icingaweb </usr/share/icingaweb2/schema/mysql.schema.sql
}

start_icinga() {
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
    cat >icingadb.yml <<'EOF'
database: {host: /run/mysqld/mysqld.sock, database: icingadb, user: icingadb, password: p}
redis: {host: 127.0.0.1, port: 6380}
logging: {output: console}
EOF
    icinga2 daemon >icinga2.log 2>&1 &
    icingadb -c icingadb.yml >icingadb.log 2>&1 &
}

# start_web: without a login form.
start_web() {
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
$public = '/usr/share/icingaweb2/public';
$file = $public . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
// Styles and images; PHP's server would not find them behind a router.
$types = ['css' => 'text/css', 'js' => 'text/javascript', 'svg' => 'image/svg+xml', 'png' => 'image/png', 'woff2' => 'font/woff2'];
$type = $types[pathinfo($file, PATHINFO_EXTENSION)] ?? null;
if ($type !== null && is_file($file)) { header("Content-Type: $type"); readfile($file); return true; }
// For pictures nothing is folded.
if (str_ends_with($file, '.css')) { ob_start(fn($css) => $css . '.collapsible.collapsed{height:auto!important;overflow:visible!important}'); }
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['SCRIPT_FILENAME'] = "$public/index.php";
chdir($public);
require "$public/index.php";
EOF
    PHP_CLI_SERVER_WORKERS=3 php -d session.save_path=/lab/sessions -S 127.0.0.1:8080 -t /usr/share/icingaweb2/public router.php \
        >php.log 2>&1 &
}

# wait_for_icinga: until its API answers; at most a minute.
wait_for_icinga() { api status --retry 60 --retry-all-errors --retry-delay 1 >/dev/null; }
