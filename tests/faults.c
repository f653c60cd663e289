/* Makes the N-th call of a kind fail, for tests/faults.py: loaded by LD_PRELOAD, told by the environment.
 *
 * FAULTS_CALLS   the kinds, with blanks around each: " open read write sync close rename change remove memory thread "
 * FAULTS_AT      which call of these kinds is the first that fails; 0: none, they are counted only
 * FAULTS_TIMES   how many fail from there on; 0: all
 * FAULTS_ERRNO   what they say; 0: a short read or write, of half of what was asked
 * FAULTS_LEAST   only memory of so many bytes: what is smaller is found where something was freed
 * FAULTS_UNDER   only calls on files whose path begins so (memory and threads have none)
 * FAULTS_TALLY   a file of two numbers of 8 bytes: how many calls were counted, how many failed
 * FAULTS_CHILDREN  1: processes that this one starts, from their beginning, instead of this one
 *
 * Nothing fails before `faults_begin` is called, in the children of FAULTS_CHILDREN before `main`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *calls, *under;
static long at, times, error, least;
static volatile long *tally; /* set last: while it is NULL nothing is counted */

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

void faults_begin(void) {
    int fd = open(getenv("FAULTS_TALLY"), O_RDWR | O_CLOEXEC);
    calls = getenv("FAULTS_CALLS"), under = getenv("FAULTS_UNDER");
    at = number("FAULTS_AT"), times = number("FAULTS_TIMES"), error = number("FAULTS_ERRNO");
    least = number("FAULTS_LEAST");
    void *found = mmap(NULL, 2 * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    tally = found == MAP_FAILED ? NULL : found;
}

__attribute__((constructor)) static void children(void) {
    if (number("FAULTS_CHILDREN")) faults_begin();
}

static int begins(const char *path) { return path && !strncmp(path, under, strlen(under)); }

/* Whether a call concerns the files that are watched; relative paths are those of the folder that is. */
static int concerns(const char *path, int fd) {
    char place[64], found[4096];
    if (!under || !*under) return 1;
    if (path) return *path != '/' || begins(path);
    snprintf(place, sizeof place, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(place, found, sizeof found - 1);
    if (size < 0) return 0;
    found[size] = 0;
    return begins(found);
}

static int is_watched(const char *kind) {
    const char *found = tally ? strstr(calls, kind) : NULL;
    return found && found[-1] == ' ' && found[strlen(kind)] == ' ';
}

/* Whether this call fails: 1, with errno set; 2: it is cut short. */
static int fails(const char *kind, const char *path, int fd) {
    int before = errno;
    if (!is_watched(kind)) return 0;
    int ours = !strcmp(kind, "memory") || !strcmp(kind, "thread") || concerns(path, fd);
    errno = before;
    if (!ours) return 0;
    long count = __atomic_add_fetch(tally, 1, __ATOMIC_RELAXED);
    if (!at || count < at || times && count >= at + times) return 0;
    __atomic_add_fetch(tally + 1, 1, __ATOMIC_RELAXED);
    if (!error) return 2;
    errno = error;
    return 1;
}

#define NEXT(name)                                           \
    static __typeof__(name) *next;                           \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* A call that either fails or is done as asked. */
#define PLAIN(type, name, kind, path, fd, bad, parameters, arguments) \
    type name parameters {                                           \
        NEXT(name);                                                  \
        return fails(kind, path, fd) == 1 ? bad : next arguments;    \
    }
/* One that is done and then fails, as a file that is closed is closed. */
#define AFTER(type, name, fd, bad, parameters, arguments) \
    type name parameters {                               \
        NEXT(name);                                      \
        int failed = fails("close", NULL, fd) == 1;      \
        int said = errno;                                \
        type got = next arguments;                       \
        if (failed) errno = said;                        \
        return failed ? bad : got;                       \
    }
/* One that may be cut short. */
#define SHORT(name, kind, size, parameters, arguments) \
    ssize_t name parameters {                          \
        NEXT(name);                                    \
        int how = fails(kind, NULL, fd);               \
        if (how == 2 && size > 1) size /= 2;           \
        return how == 1 ? -1 : next arguments;         \
    }
#define OPEN(name)                                                             \
    int name(const char *path, int flags, ...) {                               \
        NEXT(name);                                                            \
        va_list rest;                                                          \
        va_start(rest, flags);                                                 \
        mode_t mode = va_arg(rest, mode_t);                                    \
        va_end(rest);                                                          \
        return fails("open", path, -1) == 1 ? -1 : next(path, flags, mode);    \
    }

OPEN(open)
OPEN(open64)
PLAIN(FILE *, fopen, "open", path, -1, NULL, (const char *path, const char *mode), (path, mode))
PLAIN(FILE *, fopen64, "open", path, -1, NULL, (const char *path, const char *mode), (path, mode))
SHORT(read, "read", size, (int fd, void *to, size_t size), (fd, to, size))
SHORT(pread, "read", size, (int fd, void *to, size_t size, off_t from), (fd, to, size, from))
SHORT(pread64, "read", size, (int fd, void *to, size_t size, off64_t from), (fd, to, size, from))
PLAIN(size_t, fread, "read", NULL, fileno(file), 0, (void *to, size_t size, size_t n, FILE *file), (to, size, n, file))
SHORT(write, "write", size, (int fd, const void *from, size_t size), (fd, from, size))
SHORT(pwrite, "write", size, (int fd, const void *from, size_t size, off_t to), (fd, from, size, to))
SHORT(pwrite64, "write", size, (int fd, const void *from, size_t size, off64_t to), (fd, from, size, to))
PLAIN(ssize_t, writev, "write", NULL, fd, -1, (int fd, const struct iovec *from, int n), (fd, from, n))
PLAIN(size_t, fwrite, "write", NULL, fileno(file), 0, (const void *from, size_t size, size_t n, FILE *file),
      (from, size, n, file))
PLAIN(int, fflush, "write", NULL, file ? fileno(file) : -1, EOF, (FILE *file), (file))
PLAIN(int, fsync, "sync", NULL, fd, -1, (int fd), (fd))
PLAIN(int, fdatasync, "sync", NULL, fd, -1, (int fd), (fd))
AFTER(int, close, fd, -1, (int fd), (fd))
AFTER(int, fclose, fileno(file), EOF, (FILE *file), (file))
PLAIN(int, rename, "rename", from, -1, -1, (const char *from, const char *to), (from, to))
PLAIN(int, renameat, "rename", from, -1, -1, (int fd, const char *from, int other, const char *to), (fd, from, other, to))
PLAIN(int, mkdir, "change", path, -1, -1, (const char *path, mode_t mode), (path, mode))
PLAIN(int, chmod, "change", path, -1, -1, (const char *path, mode_t mode), (path, mode))
PLAIN(int, unlink, "remove", path, -1, -1, (const char *path), (path))
PLAIN(int, rmdir, "remove", path, -1, -1, (const char *path), (path))
PLAIN(int, ftruncate, "change", NULL, fd, -1, (int fd, off_t size), (fd, size))
PLAIN(int, ftruncate64, "change", NULL, fd, -1, (int fd, off64_t size), (fd, size))
PLAIN(int, pthread_create, "thread", NULL, -1, EAGAIN,
      (pthread_t * made, const pthread_attr_t *how, void *(*run)(void *), void *with), (made, how, run, with))

/* Memory: glibc's own names, as dlsym itself allocates. */
void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);

#define NO_MEMORY(bytes) ((long)(bytes) >= least && fails("memory", NULL, -1) == 1)
void *malloc(size_t size) { return NO_MEMORY(size) ? NULL : __libc_malloc(size); }
void *calloc(size_t n, size_t size) { return NO_MEMORY(n * size) ? NULL : __libc_calloc(n, size); }
void *realloc(void *old, size_t size) { return size && NO_MEMORY(size) ? NULL : __libc_realloc(old, size); }
void *aligned_alloc(size_t to, size_t size) { return NO_MEMORY(size) ? NULL : __libc_memalign(to, size); }
int posix_memalign(void **made, size_t to, size_t size) {
    void *found = NO_MEMORY(size) ? NULL : __libc_memalign(to, size);
    if (found) *made = found;
    return found ? 0 : ENOMEM;
}
void *mmap(void *place, size_t size, int prot, int flags, int fd, off_t from) {
    NEXT(mmap);
    return NO_MEMORY(size) ? MAP_FAILED : next(place, size, prot, flags, fd, from);
}
void *mmap64(void *place, size_t size, int prot, int flags, int fd, off64_t from) {
    NEXT(mmap64);
    return NO_MEMORY(size) ? MAP_FAILED : next(place, size, prot, flags, fd, from);
}
