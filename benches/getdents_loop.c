/* The physical limit for counting a queue with one thread: getdents64, one
 * look at the first byte of each name, nothing else. It trusts the tree of the
 * benchmark: no rule for the rest of a name, none for unknown file types. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
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

static void scan(int fd, int depth)
{
    long got;

    while ((got = syscall(SYS_getdents64, fd, buffer[depth], sizeof buffer[depth])) > 0)
        for (long at = 0; at < got;) {
            struct entry *e = (struct entry *)(buffer[depth] + at);
            at += e->length;
            if (e->type == DT_REG)
                messages += e->name[0] == 'S';
            else if (e->type == DT_DIR && depth == 0 && e->name[0] != '.') {
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
    if (argc != 2)
        errx(1, "usage: getdents_loop DIR");
    int root = open(argv[1], O_RDONLY | O_DIRECTORY);
    if (root < 0)
        err(1, "%s", argv[1]);
    scan(root, 0);
    printf("%ld\n", messages);
    return 0;
}
