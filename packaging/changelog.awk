# CHANGELOG.md -> debian/changelog (fmt=deb) or %changelog (fmt=rpm).
#
#   awk -v fmt=deb -v pkg=NAME -v who='Name <mail>' -v unreleased='VERSION DATE' -f changelog.awk CHANGELOG.md
#
# "## [0.1.0] - 2026-11-01" opens a version, "- text" an item that further indented lines continue. "[Unreleased]" gets
# the version and date of `unreleased`, and is left out without.

function date(day, format,    command, line) {
    command = "LC_ALL=C date -u -d " day " +'" format "'"
    command | getline line
    close(command)
    return line
}

function close_item() {
    if (item == "")
        return
    if (fmt == "deb")
        print wrap(item)
    else {
        gsub(/%/, "%%", item)
        print "- " item
    }
    item = ""
}

function wrap(text,    words, count, i, line, out) {
    count = split(text, words, " ")
    line = "  *"
    for (i = 1; i <= count; i++) {
        if (length(line " " words[i]) > 78) {
            out = out line "\n"
            line = "   "
        }
        line = line " " words[i]
    }
    return out line
}

function close_version() {
    close_item()
    if (version == "")
        return
    if (fmt == "deb")
        print "\n -- " who "  " date(day, "%a, %d %b %Y %H:%M:%S +0000") "\n"
    else
        print ""
    version = ""
}

/^## \[/ {
    close_version()
    version = $2
    gsub(/[][]/, "", version)
    day = $4
    if (version == "Unreleased") {
        split(unreleased, parts, " ")
        version = parts[1]
        day = parts[2]
        if (version == "")
            next
    }
    if (fmt == "deb")
        print pkg " (" version ") unstable; urgency=medium\n"
    else
        print "* " date(day, "%a %b %d %Y") " " who " - " version "-1"
    next
}

version == "" { next }
/^- / { close_item(); item = substr($0, 3); gsub(/`/, "", item); next }
/^  [^ ]/ && item != "" { text = $0; gsub(/`/, "", text); sub(/^ +/, " ", text); item = item text; next }
/^$/ { close_item() }

END { close_version() }
