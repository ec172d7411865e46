# shellcheck shell=sh
# For scripts that run an unpacked server in a mount namespace of its own: the host sees nothing of it.

# private_host UNPACKED INSTANCE NAME:NUMBER...     accounts that the server wants and the host lacks
private_host() {
    unpacked=$1 instance=$2
    shift 2
    cp /etc/passwd /etc/group "$instance"
    for account; do
        name=${account%:*} number=${account#*:}
        grep -q "^$name:" "$instance/passwd" ||
            echo "$name:x:$number:$number::/nonexistent:/usr/sbin/nologin" >>"$instance/passwd"
        grep -q "^$name:" "$instance/group" || echo "$name:x:$number:" >>"$instance/group"
    done
    mount --bind "$instance/passwd" /etc/passwd
    mount --bind "$instance/group" /etc/group
    mount -t overlay unpacked -o "lowerdir=$unpacked/usr:/usr" /usr
}
