// A library for LD_PRELOAD that makes one call of the program fail, or kills the program there.
//
//   ELBO_FAULT=CALL:N:ACT      the Nth CALL since main() began; CALL is write, fsync, rename, open, mmap or
//   malloc; ACT is
//                              fail or kill
//   ELBO_FAULT_COUNTS=FILE     writes the number of calls of each kind there, a line each, when main() has
//   ended
//
// Calls before main() and after it are the C library's own: they are not counted.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

enum Call { kWrite, kFsync, kRename, kOpen, kMmap, kMalloc, kCalls };
constexpr const char* kNames[kCalls] = {"write", "fsync", "rename", "open", "mmap", "malloc"};

std::atomic<bool> counting = false;
std::atomic<long> counts[kCalls];
int faulty = -1;
long which = 0;
bool kills = false;

/// Counts a call; returns whether it is to fail.
bool fails(Call call) {
  if (!counting.load(std::memory_order_relaxed)) return false;
  const long number = ++counts[call];
  if (call != faulty || number != which) return false;
  if (kills) kill(getpid(), SIGKILL);
  return true;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

/// Reads ELBO_FAULT. It must not allocate.
void read_fault() {
  const char* text = getenv("ELBO_FAULT");
  if (!text) return;
  for (int call = 0; call < kCalls; ++call) {
    const size_t length = strlen(kNames[call]);
    if (strncmp(text, kNames[call], length) != 0 || text[length] != ':') continue;
    char* end = nullptr;
    which = strtol(text + length + 1, &end, 10);
    kills = strcmp(end, ":kill") == 0;
    faulty = call;
  }
}

void write_counts() {
  const char* file = getenv("ELBO_FAULT_COUNTS");
  if (!file) return;
  const int out = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  for (int call = 0; call < kCalls; ++call) dprintf(out, "%s %ld\n", kNames[call], counts[call].load());
  close(out);
}

int (*real_main)(int, char**, char**) = nullptr;

int counted_main(int argc, char** argv, char** environment) {
  read_fault();
  counting = true;
  const int code = real_main(argc, argv, environment);
  counting = false;
  write_counts();
  return code;
}

void* no_memory() {
  errno = ENOMEM;
  return nullptr;
}

bool takes_mode(int flags) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(),
                             void (*fini)(), void (*rtld_fini)(), void* stack) {
  real_main = main;
  using Start = int (*)(int (*)(int, char**, char**), int, char**, void (*)(), void (*)(), void (*)(), void*);
  return next<Start>("__libc_start_main")(counted_main, argc, argv, init, fini, rtld_fini, stack);
}

EXPORT void* malloc(size_t bytes) {
  return fails(kMalloc) ? no_memory() : __libc_malloc(bytes);
}
EXPORT void* calloc(size_t count, size_t bytes) {
  return fails(kMalloc) ? no_memory() : __libc_calloc(count, bytes);
}
EXPORT void* realloc(void* old, size_t bytes) {
  return fails(kMalloc) ? no_memory() : __libc_realloc(old, bytes);
}
EXPORT void* aligned_alloc(size_t alignment, size_t bytes) {
  return fails(kMalloc) ? no_memory() : __libc_memalign(alignment, bytes);
}
EXPORT int posix_memalign(void** result, size_t alignment, size_t bytes) {
  if (fails(kMalloc)) return ENOMEM;
  *result = __libc_memalign(alignment, bytes);
  return *result ? 0 : ENOMEM;
}

EXPORT ssize_t write(int file, const void* bytes, size_t count) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  if (file > STDERR_FILENO && fails(kWrite)) {  // messages are to arrive
    errno = ENOSPC;
    return -1;
  }
  return real(file, bytes, count);
}

EXPORT int fsync(int file) {
  static const auto real = next<int (*)(int)>("fsync");
  if (fails(kFsync)) {
    errno = EIO;
    return -1;
  }
  return real(file);
}

EXPORT int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  if (fails(kRename)) {
    errno = EIO;
    return -1;
  }
  return real(from, to);
}

#define OPEN(name)                                                        \
  EXPORT int name(const char* path, int flags, ...) {                     \
    static const auto real = next<int (*)(const char*, int, ...)>(#name); \
    va_list rest;                                                         \
    va_start(rest, flags);                                                \
    const int mode = takes_mode(flags) ? va_arg(rest, int) : 0;           \
    va_end(rest);                                                         \
    if (fails(kOpen)) {                                                   \
      errno = EMFILE;                                                     \
      return -1;                                                          \
    }                                                                     \
    return real(path, flags, mode);                                       \
  }
OPEN(open)
OPEN(open64)

#define FOPEN(name)                                                            \
  EXPORT FILE* name(const char* path, const char* mode) {                      \
    static const auto real = next<FILE* (*)(const char*, const char*)>(#name); \
    if (fails(kOpen)) {                                                        \
      errno = EMFILE;                                                          \
      return nullptr;                                                          \
    }                                                                          \
    return real(path, mode);                                                   \
  }
FOPEN(fopen)
FOPEN(fopen64)

EXPORT void* mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset) {
  static const auto real = next<void* (*)(void*, size_t, int, int, int, off_t)>("mmap");
  if (fails(kMmap)) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return real(at, bytes, protection, flags, file, offset);
}
