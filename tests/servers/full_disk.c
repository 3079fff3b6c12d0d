/* A disk that is full for one process: loaded before the C library (LD_PRELOAD), it lets writes to files fail.
 *
 * While the file that FULL_DISK_FLAG names is there, write and its relatives on regular files return ENOSPC, and so do
 * fsync and fdatasync, by which a file system tells of blocks that it could not find room for later. The first write
 * after the disk has filled up is cut in half, as on a real one: what fitted stands there. Standard input, output and
 * error are left alone, so that the process can say what it thinks of it. Pipes and sockets are no files.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int noticed;

/* Whether the disk is full for this file. */
static int is_full(int fd)
{
    const char *flag = getenv("FULL_DISK_FLAG");
    struct stat about;
    int before = errno;
    int full = fd > 2 && flag != NULL && access(flag, F_OK) == 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    if (!full && fd > 2 && flag != NULL && access(flag, F_OK) != 0)
        atomic_store(&noticed, 0);
    errno = before;
    return full;
}

/* How much of a write still fits: half of the first one, 0 of all others. */
static size_t room(size_t size)
{
    return atomic_exchange(&noticed, 1) ? 0 : size / 2;
}

static int no_space(void)
{
    errno = ENOSPC;
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size)
{
    if (is_full(fd) && size > 0 && (size = room(size)) == 0)
        return no_space();
    return REAL(write)(fd, data, size);
}

#define POSITIONED(name, offset_t)                                    \
    ssize_t name(int fd, const void *data, size_t size, offset_t at)  \
    {                                                                 \
        if (is_full(fd) && size > 0 && (size = room(size)) == 0)      \
            return no_space();                                        \
        return REAL(name)(fd, data, size, at);                        \
    }

POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return is_full(fd) ? no_space() : REAL(writev)(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    return is_full(fd) ? no_space() : REAL(pwritev)(fd, parts, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
    return is_full(fd) ? no_space() : REAL(pwritev64)(fd, parts, count, at);
}

int fsync(int fd)
{
    return is_full(fd) ? no_space() : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return is_full(fd) ? no_space() : REAL(fdatasync)(fd);
}
