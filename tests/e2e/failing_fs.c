/* A file system that fails one call: preloaded into a process, it counts the calls that touch files below a folder.
 *
 *   FAIL_BELOW   the folder
 *   FAIL_AT      the call that fails, from 1; 0 for none
 *   FAIL_WITH    an errno: 5 (EIO), 28 (ENOSPC); or `torn`: only calls that write bytes count, and the one leaves half of them
 *                before the process dies
 *   FAIL_STAYS   1 if every call after it that writes fails too
 *   FAIL_REPORT  a file that gets a line when the call has struck, and the number of calls at the end
 *   FAIL_TRACE   1 if it gets a line for every call that changes something
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;
static const char *below, *report;
static long at;
static int with, torn, stays, trace;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *value;
  below = getenv("FAIL_BELOW");
  report = getenv("FAIL_REPORT");
  at = (value = getenv("FAIL_AT")) ? atol(value) : 0;
  value = getenv("FAIL_WITH");
  torn = value && !strcmp(value, "torn");
  with = value && !torn ? atoi(value) : EIO;
  stays = (value = getenv("FAIL_STAYS")) && *value == '1';
  trace = (value = getenv("FAIL_TRACE")) && *value == '1';
}

static void say(const char *what, const char *path, long number) {
  int saved = errno, fd = report ? REAL(open)(report, O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;
  if (fd >= 0) {
    dprintf(fd, "%s %ld %s\n", what, number, path);
    REAL(close)(fd);
  }
  errno = saved;
}

__attribute__((destructor)) static void end(void) { say("calls", "", atomic_load(&calls)); }

static int watched(const char *path) { return below && path && !strncmp(path, below, strlen(below)); }

enum { READS, CHANGES, WRITES_BYTES };

/* Whether this call on a path fails; a call that only reads is spared once the fault has come. */
static int strikes(const char *what, const char *path, int kind) {
  if (!watched(path) || (torn && kind != WRITES_BYTES)) return 0;
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (trace && kind == CHANGES) say(what, path, number);
  if (!at || number < at || (number > at && !(stays && kind != READS))) return 0;
  if (number == at) say(what, path, number);
  errno = with;
  return 1;
}

static int strikes_fd(const char *what, int fd, int kind) {
  char link[40], path[PATH_MAX];
  if (!below) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strikes(what, path, kind);
}

/* Half has been written: the last act of the process. */
static ssize_t half(ssize_t written) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
  return written;
}

#define OPEN(name)                                                             \
  int name(const char *path, int flags, ...) {                                 \
    va_list rest;                                                              \
    va_start(rest, flags);                                                     \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;    \
    va_end(rest);                                                              \
    if (strikes(#name, path, flags & (O_WRONLY | O_RDWR | O_CREAT) ? CHANGES : READS)) return -1; \
    return REAL(name)(path, flags, mode);                                      \
  }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void *bytes, size_t count) {
  if (strikes_fd("write", fd, WRITES_BYTES)) return torn ? half(REAL(write)(fd, bytes, count / 2)) : -1;
  return REAL(write)(fd, bytes, count);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  if (strikes_fd("pwrite64", fd, WRITES_BYTES)) return torn ? half(REAL(pwrite64)(fd, bytes, count / 2, offset)) : -1;
  return REAL(pwrite64)(fd, bytes, count, offset);
}
ssize_t writev(int fd, const struct iovec *pieces, int count) {
  if (strikes_fd("writev", fd, WRITES_BYTES)) return torn ? half(REAL(writev)(fd, pieces, count / 2)) : -1;
  return REAL(writev)(fd, pieces, count);
}
ssize_t read(int fd, void *bytes, size_t count) { return strikes_fd("read", fd, READS) ? -1 : REAL(read)(fd, bytes, count); }
ssize_t pread64(int fd, void *bytes, size_t count, off64_t offset) {
  return strikes_fd("pread64", fd, READS) ? -1 : REAL(pread64)(fd, bytes, count, offset);
}
int fsync(int fd) { return strikes_fd("fsync", fd, CHANGES) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return strikes_fd("fdatasync", fd, CHANGES) ? -1 : REAL(fdatasync)(fd); }
int ftruncate64(int fd, off64_t length) { return strikes_fd("ftruncate64", fd, CHANGES) ? -1 : REAL(ftruncate64)(fd, length); }
int rename(const char *from, const char *to) { return strikes("rename", to, CHANGES) ? -1 : REAL(rename)(from, to); }
int link(const char *from, const char *to) { return strikes("link", to, CHANGES) ? -1 : REAL(link)(from, to); }
int linkat(int at_from, const char *from, int at_to, const char *to, int flags) {
  return strikes("linkat", to, CHANGES) ? -1 : REAL(linkat)(at_from, from, at_to, to, flags);
}
int mkdir(const char *path, mode_t mode) { return strikes("mkdir", path, CHANGES) ? -1 : REAL(mkdir)(path, mode); }
int unlink(const char *path) { return strikes("unlink", path, CHANGES) ? -1 : REAL(unlink)(path); }
int rmdir(const char *path) { return strikes("rmdir", path, CHANGES) ? -1 : REAL(rmdir)(path); }
DIR *opendir(const char *path) { return strikes("opendir", path, READS) ? NULL : REAL(opendir)(path); }
