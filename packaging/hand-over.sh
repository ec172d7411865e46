# shellcheck shell=sh
# hand_over SPOOL ACCOUNT GROUP: the spool, and what waits in it. Older packages left it to root and the members of a
# group, who could put anything into it. So root closes it to them before it looks, follows no link, and gives away no file
# that has another name elsewhere. The account gets the directory last.
hand_over() {
    for directory in "$1" "$1/failed"; do
        if [ -d "$directory" ] && [ ! -L "$directory" ]; then
            chown root:root "$directory"
            chmod 0700 "$directory"
        fi
    done
    for directory in "$1/failed" "$1"; do
        if [ -d "$directory" ] && [ ! -L "$directory" ]; then
            find -P "$directory" -maxdepth 1 -type f -links 1 -exec chown -h "$2:$3" {} +
            chown -h "$2:$3" "$directory"
        fi
    done
}
