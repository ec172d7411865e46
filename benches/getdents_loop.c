/* The physical limit for looking at a queue with one thread: getdents64 and one
 * look at the first byte of each name; with -a also statx of each message for
 * its times, and nothing else. It trusts the tree of the benchmark: no rule for
 * the rest of a name, none for unknown file types. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* One for the root, whose entries are still being walked while the other one
 * holds those of a subdirectory. */
static char buffer[2][64 * 1024] __attribute__((aligned(8)));
static long messages;
static long long oldest;
static int with_ages;

static void ask(int fd, const char *name)
{
    struct statx times;

    if (statx(fd, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_MTIME | STATX_BTIME, &times))
        err(1, "%s", name);
    if (oldest == 0 || times.stx_mtime.tv_sec < oldest)
        oldest = times.stx_mtime.tv_sec;
}

static void scan(int fd, int depth)
{
    long got;

    while ((got = syscall(SYS_getdents64, fd, buffer[depth], sizeof buffer[depth])) > 0)
        for (long at = 0; at < got;) {
            struct entry *e = (struct entry *)(buffer[depth] + at);
            at += e->length;
            if (e->type == DT_REG) {
                if (e->name[0] != 'S')
                    continue;
                messages++;
                if (with_ages)
                    ask(fd, e->name);
            } else if (e->type == DT_DIR && depth == 0 && e->name[0] != '.') {
                int below = openat(fd, e->name, O_RDONLY | O_DIRECTORY);
                if (below < 0)
                    err(1, "%s", e->name);
                scan(below, 1);
                close(below);
            }
        }
    if (got < 0)
        err(1, "getdents64");
}

int main(int argc, char **argv)
{
    with_ages = argc == 3 && strcmp(argv[1], "-a") == 0;
    if (argc != 2 + with_ages)
        errx(1, "usage: getdents_loop [-a] DIR");
    const char *dir = argv[1 + with_ages];
    int root = open(dir, O_RDONLY | O_DIRECTORY);
    if (root < 0)
        err(1, "%s", dir);
    scan(root, 0);
    printf("%ld\n", messages);
    return 0;
}
