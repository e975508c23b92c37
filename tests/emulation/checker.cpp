#include "checker.h"

#include <link.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "executor.h"
#include "heap.h"
#include "symbol.h"

namespace elbo::emulation {
namespace {

enum class Access { read, write, atomic };

/// Who last wrote or read a word: fields of 64 bits. `readers` is for reads only, `atomic` for writes only.
struct Stamp {
  std::uint64_t interval : 36;
  std::uint64_t thread : 10;
  std::uint64_t warp_interval : 12;
  std::uint64_t bytes : 4;    ///< which of the word's
  std::uint64_t readers : 1;  ///< 1: several warps of the block have read it in this interval
  std::uint64_t flag : 1;     ///< of a write: atomic; of a read: several blocks of this launch have read it
};
static_assert(sizeof(Stamp) == 8);
struct Word {
  Stamp write;
  Stamp read;
};

bool enabled = false;
Word* words = nullptr;            // one per 4 bytes of the heap's span
std::uint8_t* written = nullptr;  // one bit per byte
constexpr std::size_t kWordsBytes = Heap::kSpan / 4 * sizeof(Word);
constexpr std::size_t kWrittenBytes = Heap::kSpan / 8;

void prepare() {
  if (words) return;
  const auto reserve = [](std::size_t bytes) {
    void* memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
  };
  written = static_cast<std::uint8_t*>(reserve(kWrittenBytes));
  words = static_cast<Word*>(reserve(kWordsBytes));
  enabled = written && words;
}

/// Sets or clears the bits of [offset, offset + bytes).
void mark(std::size_t offset, std::size_t bytes, bool value) {
  const auto one = [&](std::size_t at) {
    const auto bit = static_cast<std::uint8_t>(1u << (at % 8));
    written[at / 8] = static_cast<std::uint8_t>(value ? written[at / 8] | bit : written[at / 8] & ~bit);
  };
  for (; bytes > 0 && offset % 8 != 0; ++offset, --bytes) one(offset);
  std::memset(written + offset / 8, value ? 0xff : 0, bytes / 8);
  for (offset += bytes / 8 * 8, bytes %= 8; bytes > 0; ++offset, --bytes) one(offset);
}

/// The program's and its libraries' own constants, which a kernel may read.
bool in_program_image(const void* address) {
  static const auto segments = [] {
    std::vector<std::pair<std::uintptr_t, std::uintptr_t>> found;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
          for (int i = 0; i < info->dlpi_phnum; ++i) {
            const auto& header = info->dlpi_phdr[i];
            if (header.p_type != PT_LOAD) continue;
            const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
            static_cast<decltype(found)*>(data)->emplace_back(begin, begin + header.p_memsz);
          }
          return 0;
        },
        &found);
    return found;
  }();
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  return std::any_of(segments.begin(), segments.end(),
                     [=](auto s) { return at >= s.first && at < s.second; });
}

[[noreturn]] void report(const std::string& what, const void* address, const void* code) {
  const bool shared = Heap::instance().offset(address) < Heap::kShared;
  const std::string where =
      shared ? "byte " + std::to_string(static_cast<const char*>(address) - Heap::instance().shared()) +
                   " of shared memory"
             : Heap::instance().describe(address);
  fail_in_kernel(cudaErrorIllegalAddress, what + where + ", " + symbolize(code));
}

const char* verb(Access access) {
  return access == Access::read ? "a read of " : access == Access::write ? "a write to " : "an atomic on ";
}

[[noreturn]] void report_race(Access mine, const char* other_did, const Stamp& other, const void* address,
                              const void* code) {
  const std::string who =
      other.interval < running.block_begin ? block_name(other.interval) : thread_name(other.thread);
  report("race: " + who + other_did + " with nothing between that orders it and " + verb(mine), address,
         code);
}

/// Whether what `stamp` tells of, in this block and interval, was done by this thread or ordered before it by
/// a warp collective.
bool ordered(const Stamp& stamp) {
  return stamp.thread == running.thread ||
         (stamp.thread / 32 == running.warp && stamp.warp_interval < (running.warp_interval & 0xfff));
}

Stamp stamp_here(std::uint64_t bytes) {
  return {running.interval, running.thread, running.warp_interval & 0xfff, bytes, 0, 0};
}

/// Fails when an access of `bytes` conflicts with the last write of the word.
void check_against_write(const Word& word, Access access, std::uint64_t bytes, std::uint64_t oldest,
                         const void* address, const void* code) {
  const Stamp& last = word.write;
  if (last.interval < oldest || !(last.bytes & bytes) || (access == Access::atomic && last.flag)) return;
  const bool same_interval = last.interval == running.interval;
  if (last.interval < running.block_begin || (same_interval && !ordered(last))) {
    report_race(access, last.flag ? " made an atomic access" : " wrote here", last, address, code);
  }
}

void check_against_reads(const Word& word, Access access, std::uint64_t bytes, std::uint64_t oldest,
                         const void* address, const void* code) {
  const Stamp& last = word.read;
  if (last.interval < oldest || !(last.bytes & bytes)) return;
  const bool same_interval = last.interval == running.interval;
  if (last.flag || last.interval < running.block_begin ||
      (same_interval && (last.readers || !ordered(last)))) {
    report_race(access,
                last.flag                                       ? " and another block read here"
                : last.readers && last.thread == running.thread ? " and another thread read here"
                                                                : " read here",
                last, address, code);
  }
}

void note_read(Word& word, std::uint64_t bytes, std::uint64_t oldest) {
  const Stamp before = word.read;
  word.read = stamp_here(bytes);
  if (before.interval < oldest) return;
  if (before.interval < running.block_begin || before.flag) {
    word.read.bytes |= before.bytes;
    word.read.flag = 1;
  } else if (before.interval == running.interval) {
    word.read.bytes |= before.bytes;
    word.read.readers = before.readers || !ordered(before);
  }
}

void access_word(std::size_t word_offset, std::uint64_t bytes, Access access, const void* address,
                 const void* code) {
  Word& word = words[word_offset];
  const std::uint64_t oldest = word_offset < Heap::kShared / 4 ? running.block_begin : running.launch_begin;
  check_against_write(word, access, bytes, oldest, address, code);
  if (access == Access::read) {
    note_read(word, bytes, oldest);
    return;
  }
  check_against_reads(word, access, bytes, oldest, address, code);
  if (access == Access::atomic && word.write.flag && word.write.interval >= oldest &&
      word.write.interval < running.block_begin) {
    running.launch_begin =
        running.block_begin;  // what that block did before is ordered before what this one does now
  }
  word.write = stamp_here(bytes);
  word.write.flag = access == Access::atomic;
}

void check_initialised(std::size_t offset, std::size_t bytes, const void* address, const void* code) {
  for (std::size_t i = 0; i < bytes; ++i) {
    if (!(written[(offset + i) / 8] >> ((offset + i) % 8) & 1)) {
      report("uninitialised: a read of memory that nothing has written, ", address, code);
    }
  }
}

/// Fails unless the access is to a live allocation, to the block's shared memory, to a stack, or reads a
/// constant. True where the access is to memory that threads share.
bool check_bounds(const void* address, std::size_t bytes, Access access, const void* code) {
  const Heap& heap = Heap::instance();
  if (!heap.contains(address)) {
    const auto* closure = reinterpret_cast<const char*>(running.kernel->body.get());
    const auto into = static_cast<std::size_t>(static_cast<const char*>(address) - closure);
    if (on_kernel_stack(address) || into < running.kernel->body_bytes) return false;
    if (access == Access::read && in_program_image(address)) return false;
    report(std::string("host memory in a kernel: ") + verb(access), address, code);
  }
  if (heap.offset(address) < Heap::kShared) {
    if (heap.offset(address) + bytes > running.kernel->shared_bytes) {
      report("out of bounds: past the " + std::to_string(running.kernel->shared_bytes) +
                 " that the block has, " + verb(access),
             address, code);
    }
  } else if (!heap.covers(address, bytes)) {
    const Allocation* owner = heap.find(address);
    report((owner && !owner->live ? "use after free: " : "out of bounds: ") + std::string(verb(access)),
           address, code);
  }
  return true;
}

void on_access(const void* address, std::size_t bytes, Access access, const void* code) {
  if (!running.kernel || !enabled || bytes == 0) return;
  if (!check_bounds(address, bytes, access, code)) return;
  const std::size_t offset = Heap::instance().offset(address);
  if (access != Access::write) check_initialised(offset, bytes, address, code);
  for (std::size_t at = offset; at < offset + bytes;) {
    const std::size_t end = std::min(at / 4 * 4 + 4, offset + bytes);
    const std::uint64_t mask = ((1u << (end - at)) - 1) << (at % 4);
    access_word(at / 4, mask, access, address, code);
    at = end;
  }
  if (access == Access::write) mark(offset, bytes, true);
}

/// An access of `bytes` that a GPU makes as one, so at an address that is their multiple.
void on_whole_access(const void* address, std::size_t bytes, Access access, const void* code) {
  if (running.kernel && enabled && reinterpret_cast<std::uintptr_t>(address) % bytes != 0) {
    report("misaligned: not a multiple of " + std::to_string(bytes) + " bytes, " + verb(access), address,
           code);
  }
  on_access(address, bytes, access, code);
}

}  // namespace

bool checking() {
  return enabled;
}

bool is_shadow(const void* address) {
  const auto* at = static_cast<const char*>(address);
  return static_cast<std::size_t>(at - reinterpret_cast<const char*>(words)) < kWordsBytes ||
         static_cast<std::size_t>(at - reinterpret_cast<const char*>(written)) < kWrittenBytes;
}

void mark_written(const void* memory, std::size_t bytes) {
  if (enabled && Heap::instance().contains(memory)) mark(Heap::instance().offset(memory), bytes, true);
}

void copy_marks(const void* to, const void* from, std::size_t bytes) {
  if (!enabled) return;
  const std::size_t target = Heap::instance().offset(to);
  const std::size_t source = Heap::instance().offset(from);
  if (target % 8 == 0 && source % 8 == 0) {
    std::memcpy(written + target / 8, written + source / 8, bytes / 8);
    for (std::size_t i = bytes / 8 * 8; i < bytes; ++i)
      mark(target + i, 1, written[(source + i) / 8] >> ((source + i) % 8) & 1);
  } else {
    for (std::size_t i = 0; i < bytes; ++i)
      mark(target + i, 1, written[(source + i) / 8] >> ((source + i) % 8) & 1);
  }
}

void forget(const void* memory, std::size_t bytes) {
  if (!enabled) return;
  const std::size_t offset = Heap::instance().offset(memory);
  mark(offset, bytes, false);
  if (offset >= Heap::kShared) madvise(words + offset / 4, bytes / 4 * sizeof(Word), MADV_DONTNEED);
}

std::uint64_t atomic_read(const void* address, std::size_t bytes) {
  on_whole_access(address, bytes, Access::atomic, __builtin_return_address(0));
  std::uint64_t bits = 0;
  std::memcpy(&bits, address, bytes);
  return bits;
}

void atomic_write(void* address, std::size_t bytes, std::uint64_t bits) {
  std::memcpy(address, &bits, bytes);
}

}  // namespace elbo::emulation

// What -fsanitize=thread calls.
extern "C" {
using elbo::emulation::Access;
using elbo::emulation::on_access;
using elbo::emulation::on_whole_access;
#define ELBO_HERE __builtin_return_address(0)
#define ELBO_ACCESS(bytes)                                     \
  void __tsan_read##bytes(void* address) {                     \
    on_whole_access(address, bytes, Access::read, ELBO_HERE);  \
  }                                                            \
  void __tsan_write##bytes(void* address) {                    \
    on_whole_access(address, bytes, Access::write, ELBO_HERE); \
  }                                                            \
  void __tsan_unaligned_read##bytes(void* address) {           \
    on_access(address, bytes, Access::read, ELBO_HERE);        \
  }                                                            \
  void __tsan_unaligned_write##bytes(void* address) {          \
    on_access(address, bytes, Access::write, ELBO_HERE);       \
  }
ELBO_ACCESS(1)
ELBO_ACCESS(2)
ELBO_ACCESS(4)
ELBO_ACCESS(8)
ELBO_ACCESS(16)
void __tsan_read_range(void* address, std::size_t bytes) {
  on_access(address, bytes, Access::read, ELBO_HERE);
}
void __tsan_write_range(void* address, std::size_t bytes) {
  on_access(address, bytes, Access::write, ELBO_HERE);
}
void __tsan_vptr_update(void**, void*) {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_init() {
  elbo::emulation::prepare();
}
// Of host code that is compiled along with the kernels: the counts of shared pointers.
int __tsan_atomic32_fetch_add(volatile int* address, int value, int) {
  return __atomic_fetch_add(address, value, __ATOMIC_SEQ_CST);
}

#if !defined(__SANITIZE_ADDRESS__)  // where UBSan's own library is not
/// What -fsanitize=alignment calls with; laid out as GCC lays it out.
struct MisalignedAccess {
  const char* file;
  std::uint32_t line;
  std::uint32_t column;
  const void* type;
  unsigned char log2_alignment;
  unsigned char kind;
};
void __ubsan_handle_type_mismatch_v1(const MisalignedAccess* access, const void* address) {
  if (!elbo::emulation::running.kernel) return;
  elbo::emulation::fail_in_kernel(
      cudaErrorIllegalAddress,
      "misaligned: an access to " + elbo::emulation::Heap::instance().describe(address) +
          ", which is not a multiple of " + std::to_string(1u << access->log2_alignment) + " bytes, at " +
          elbo::emulation::place(access->file, static_cast<int>(access->line)));
}
void __ubsan_handle_type_mismatch_v1_abort(const MisalignedAccess* access, const void* address) {
  __ubsan_handle_type_mismatch_v1(access, address);
}
#endif
}
