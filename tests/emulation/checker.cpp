#include "checker.h"

#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "executor.h"
#include "footprint.h"
#include "heap.h"
#include "shadow.h"
#include "symbol.h"

namespace elbo::emulation {
namespace {

enum class Access { read, write, atomic };

/// Whether the address is in the program's or its libraries' constants, which a kernel may read.
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

/// Fails with what()'s text, the place of the access and the code that made it.
template <class What>
[[noreturn]] void report(const What& what, const void* address, const void* code) {
  fail_in_kernel(cudaErrorIllegalAddress, [&] {
    const Heap& heap = *shadow.heap;
    const std::string where = heap.offset(address) < Heap::kShared
                                  ? "byte " +
                                        std::to_string(static_cast<const char*>(address) - heap.shared()) +
                                        " of shared memory"
                                  : heap.describe(address);
    return what() + where + ", " + symbolize(code);
  });
}

const char* verb(Access access) {
  return access == Access::read ? "a read of " : access == Access::write ? "a write to " : "an atomic on ";
}

[[noreturn]] void report_race(Access mine, const char* other_did, Stamp other, const void* address,
                              const void* code) {
  report(
      [&] {
        const bool same_block = other.interval() >= running.block_begin;
        return "race: " + (same_block ? thread_name(other.thread()) : block_name(other.interval())) +
               other_did + " with nothing between that orders it and " + verb(mine);
      },
      address, code);
}

/// Whether the access of a stamp from this interval was made by this thread, or is ordered before it by a
/// collective of its warp.
bool ordered(Stamp stamp) {
  return stamp.thread() == running.thread ||
         (stamp.thread() / 32 == running.warp && stamp.warp_interval() < (running.warp_interval & 0xfff));
}

/// Whether the stamp is from another block of this launch, or from this block and interval: only these can
/// conflict.
bool concerns(Stamp stamp, std::uint64_t oldest) {
  const std::uint64_t interval = stamp.interval();
  return interval >= oldest && (interval < running.block_begin || interval == running.interval);
}

void check_against_write(Stamp last, Access access, unsigned bytes, const void* address, const void* code) {
  if (!(last.bytes() & bytes) || (access == Access::atomic && last.flag())) return;
  if (last.interval() < running.block_begin || !ordered(last)) {
    report_race(access, last.flag() ? " made an atomic access" : " wrote here", last, address, code);
  }
}

void check_against_read(Stamp last, Access access, unsigned bytes, const void* address, const void* code) {
  if (!(last.bytes() & bytes)) return;
  if (last.flag() || last.interval() < running.block_begin) {
    report_race(access, last.flag() ? " and another block read here" : " read here", last, address, code);
  }
  if (last.several() || !ordered(last)) {
    report_race(access, last.several() ? " or another thread of its block read here" : " read here", last,
                address, code);
  }
}

/// Merges this thread's read with earlier reads that still matter.
Stamp merge_reads(Stamp before, Stamp mine) {
  if (before.interval() < running.block_begin || before.flag()) mine = mine.with(Stamp::kFlag);
  if (before.interval() == running.interval && (before.several() || !ordered(before)))
    mine = mine.with(Stamp::kSeveral);
  return mine.with_bytes(before.bytes());
}

/// The first interval whose accesses to a word can conflict: the block's for shared memory, else the
/// launch's.
std::uint64_t oldest_of_interest(std::size_t offset) {
  return offset < Heap::kShared ? running.block_begin : running.launch_begin;
}

/// One word's part of an access.
template <Access kAccess>
inline void access_word(Word& word, std::uint64_t oldest, unsigned bytes, const void* address,
                        const void* code) {
  const Stamp mine = Stamp::make(running.interval, running.thread, running.warp_interval).with_bytes(bytes);
  const Stamp write = word.write, read = word.read;
  if (concerns(write, oldest)) check_against_write(write, kAccess, bytes, address, code);
  const bool read_matters = read.interval() >= oldest && (read.flag() || concerns(read, oldest));
  if constexpr (kAccess == Access::read) {
    if (!read_matters) {
      word.read = mine;
    } else if (!(read.interval() == running.interval && read.several() && (bytes & ~read.bytes()) == 0)) {
      word.read = merge_reads(read, mine);
    }
  } else {
    if (read_matters) check_against_read(read, kAccess, bytes, address, code);
    word.write = kAccess == Access::atomic ? mine.with(Stamp::kFlag) : mine;
    if (kAccess == Access::atomic && write.flag() && write.interval() >= oldest &&
        write.interval() < running.block_begin) {
      running.launch_begin =
          running.block_begin;  // the other block's earlier accesses now come before this block's later ones
    }
  }
}

void check_initialised(std::size_t offset, std::size_t bytes, const void* address, const void* code) {
  for (std::size_t i = 0; i < bytes; ++i) {
    if (!shadow.is_written(offset + i)) {
      report([] { return std::string("uninitialised: a read of memory that nothing has written, "); },
             address, code);
    }
  }
}

/// Fails unless the access is to a live allocation, to the block's shared memory, to a stack, or reads a
/// constant. Returns whether the memory is shared by threads.
bool check_bounds(const void* address, std::size_t bytes, Access access, const void* code) {
  const Heap& heap = Heap::instance();
  if (!heap.contains(address)) {
    const auto* closure = reinterpret_cast<const char*>(running.kernel->body.get());
    const auto into = static_cast<std::size_t>(static_cast<const char*>(address) - closure);
    if (on_kernel_stack(address) || into < running.kernel->body_bytes) return false;
    if (access == Access::read && in_program_image(address)) return false;
    report([=] { return std::string("host memory in a kernel: ") + verb(access); }, address, code);
  }
  if (heap.offset(address) < Heap::kShared) {
    const std::size_t has = running.kernel->shared_bytes;
    if (heap.offset(address) + bytes > has) {
      report(
          [=] {
            return "out of bounds: past the " + std::to_string(has) + " that the block has, " + verb(access);
          },
          address, code);
    }
  } else if (!heap.covers(address, bytes)) {
    const Allocation* owner = heap.find(address);
    const char* what = owner && !owner->live ? "use after free: " : "out of bounds: ";
    report([=] { return std::string(what) + verb(access); }, address, code);
  }
  return true;
}

template <Access kAccess>
inline void note_in_graph(std::size_t offset, std::size_t bytes) {
  if (footprints && offset >= Heap::kShared) footprints->add(offset, bytes, kAccess != Access::read);
}

/// Checks any access, byte by byte.
template <Access kAccess>
void on_access(const void* address, std::size_t bytes, const void* code) {
  if (!running.kernel || !shadow.ready() || bytes == 0) return;
  if (!check_bounds(address, bytes, kAccess, code)) return;
  const std::size_t offset = shadow.heap->offset(address);
  if (kAccess != Access::write) check_initialised(offset, bytes, address, code);
  for (std::size_t at = offset; at < offset + bytes;) {
    const std::size_t end = std::min(at / 4 * 4 + 4, offset + bytes);
    const unsigned mask = ((1u << (end - at)) - 1) << (at % 4);
    access_word<kAccess>(shadow.words[at / 4], oldest_of_interest(offset), mask, address, code);
    at = end;
  }
  if (kAccess == Access::write) shadow.mark(offset, bytes, true);
  note_in_graph<kAccess>(offset, bytes);
}

/// An access of `kBytes` that a GPU makes at once, so its address must be a multiple of kBytes.
template <Access kAccess, std::size_t kBytes>
inline void on_whole_access(const void* address, const void* code) {
  if (!running.kernel || !shadow.ready()) return;
  if (reinterpret_cast<std::uintptr_t>(address) % kBytes != 0) {
    report(
        [] { return "misaligned: not a multiple of " + std::to_string(kBytes) + " bytes, " + verb(kAccess); },
        address, code);
  }
  const std::size_t offset = shadow.heap->offset(address);
  const bool in_bounds = offset < Heap::kShared
                             ? offset + kBytes <= running.kernel->shared_bytes
                             : offset < Heap::kSpan && shadow.heap->covers(address, kBytes);
  if (kBytes < 4 || !in_bounds || (kAccess != Access::write && !shadow.are_written<kBytes>(offset))) {
    return on_access<kAccess>(address, kBytes,
                              code);  // has the same result, and a report if there is one
  }
  const std::uint64_t oldest = oldest_of_interest(offset);
  for (std::size_t word = 0; word < kBytes / 4; ++word) {
    access_word<kAccess>(shadow.words[offset / 4 + word], oldest, 0xf, address, code);
  }
  if (kAccess == Access::write) {
    if constexpr (kBytes == 4) shadow.written[offset / 8] |= static_cast<std::uint8_t>(0xf << (offset & 4));
    if constexpr (kBytes >= 8) std::memset(shadow.written + offset / 8, 0xff, kBytes / 8);
  }
  note_in_graph<kAccess>(offset, kBytes);
}

}  // namespace

std::uint64_t atomic_read(const void* address, std::size_t bytes) {
  const void* code = __builtin_return_address(0);
  bytes == 4 ? on_whole_access<Access::atomic, 4>(address, code)
             : on_whole_access<Access::atomic, 8>(address, code);
  std::uint64_t bits = 0;
  std::memcpy(&bits, address, bytes);
  return bits;
}

void atomic_write(void* address, std::size_t bytes, std::uint64_t bits) {
  std::memcpy(address, &bits, bytes);
}

}  // namespace elbo::emulation

// The functions that -fsanitize=thread calls.
extern "C" {
using elbo::emulation::Access;
using elbo::emulation::on_access;
using elbo::emulation::on_whole_access;
#define ELBO_HERE __builtin_return_address(0)
#define ELBO_ACCESS(bytes)                                     \
  void __tsan_read##bytes(void* address) {                     \
    on_whole_access<Access::read, bytes>(address, ELBO_HERE);  \
  }                                                            \
  void __tsan_write##bytes(void* address) {                    \
    on_whole_access<Access::write, bytes>(address, ELBO_HERE); \
  }                                                            \
  void __tsan_unaligned_read##bytes(void* address) {           \
    on_access<Access::read>(address, bytes, ELBO_HERE);        \
  }                                                            \
  void __tsan_unaligned_write##bytes(void* address) {          \
    on_access<Access::write>(address, bytes, ELBO_HERE);       \
  }
ELBO_ACCESS(1)
ELBO_ACCESS(2)
ELBO_ACCESS(4)
ELBO_ACCESS(8)
ELBO_ACCESS(16)
void __tsan_read_range(void* address, long bytes) {
  on_access<Access::read>(address, static_cast<std::size_t>(bytes), ELBO_HERE);
}
void __tsan_write_range(void* address, long bytes) {
  on_access<Access::write>(address, static_cast<std::size_t>(bytes), ELBO_HERE);
}
void __tsan_vptr_update(void*, void*) {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit(void*) {}
void __tsan_init() {
  elbo::emulation::shadow.prepare();
}
// Called by host code that is compiled along with the kernels: the counts of shared pointers.
unsigned __tsan_atomic32_fetch_add(volatile void* address, unsigned value, int) {
  return __atomic_fetch_add(static_cast<volatile unsigned*>(address), value, __ATOMIC_SEQ_CST);
}

#if !defined(__SANITIZE_ADDRESS__)  // only without UBSan's own library
/// The argument of -fsanitize=alignment's calls, with GCC's layout.
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
  elbo::emulation::fail_in_kernel(cudaErrorIllegalAddress, [=] {
    return "misaligned: an access to " + elbo::emulation::shadow.heap->describe(address) +
           ", which is not a multiple of " + std::to_string(1u << access->log2_alignment) + " bytes, at " +
           elbo::emulation::place(access->file, static_cast<int>(access->line));
  });
}
void __ubsan_handle_type_mismatch_v1_abort(const MisalignedAccess* access, const void* address) {
  __ubsan_handle_type_mismatch_v1(access, address);
}
#endif
}
