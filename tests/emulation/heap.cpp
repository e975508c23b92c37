#include "heap.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "checker.h"

namespace elbo::emulation {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kGap = std::size_t{64} << 10;  ///< never accessible, between allocations
constexpr std::size_t kGuard = 256;                  ///< bytes watched on either side, if the pages have them
constexpr unsigned char kCanary = 0xa5;

std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

void* reserve(std::size_t bytes, int protection) {
  void* memory = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
}

}  // namespace

void poison(void* memory, std::size_t bytes) {
  char* at = static_cast<char*>(memory);
  for (; bytes >= sizeof(kPoison); at += sizeof(kPoison), bytes -= sizeof(kPoison)) {
    std::memcpy(at, &kPoison, sizeof(kPoison));
  }
  std::memcpy(at, &kPoison, bytes);
}

Heap& Heap::instance() {
  static Heap* heap = new Heap;  // outlives every other static object
  return *heap;
}

Heap::Heap()
    : base_(static_cast<char*>(reserve(kSpan, PROT_NONE))),
      owner_(static_cast<std::uint32_t*>(
          reserve(kSpan / kPage * sizeof(std::uint32_t), PROT_READ | PROT_WRITE))),
      top_(kShared + kGap) {
  const char* keep_out = std::getenv("ELBO_EMULATION_PROTECT");
  protected_ = !keep_out || std::string(keep_out) != "0";
  mprotect(shared(), kShared, PROT_READ | PROT_WRITE);
}

void* Heap::allocate(std::size_t bytes) {
  const std::size_t padded = round_up(bytes, kAlignment);
  if (bytes > available() || padded > available()) return nullptr;
  const std::size_t page_bytes = round_up(padded, kPage);
  if (top_ + page_bytes + kGap > kSpan) return nullptr;
  Allocation made;
  made.number = allocations_.size() + 1;
  made.bytes = bytes;
  made.pages = base_ + top_;
  made.page_bytes = page_bytes;
  made.begin = made.pages + (page_bytes - padded);  // the end is at the gap, as far as the alignment allows
  made.live = true;
  top_ += page_bytes + kGap;
  used_ += bytes;
  std::fill_n(owner_ + offset(made.pages) / kPage, page_bytes / kPage,
              static_cast<std::uint32_t>(made.number));
  allocations_.push_back(made);
  return made.begin;
}

bool Heap::admit(const void* address) {
  const Allocation* found = find(address);
  if (!found || !found->live || accesses_ == 0) return false;
  Allocation& wanted = allocations_[found->number - 1];
  if (wanted.open) return true;
  if (mprotect(wanted.pages, wanted.page_bytes, PROT_READ | PROT_WRITE) != 0) return false;
  wanted.open = true;
  open_.push_back(wanted.number - 1);
  if (wanted.fresh) {
    std::memset(wanted.pages, kCanary, static_cast<std::size_t>(wanted.begin - wanted.pages));
    poison(wanted.begin, wanted.bytes);
    char* const last = wanted.pages + wanted.page_bytes;
    std::memset(wanted.end(), kCanary, static_cast<std::size_t>(last - wanted.end()));
    wanted.fresh = false;
  }
  return true;
}

void Heap::close() {
  if (!protected_) return;
  for (const std::size_t index : open_) {
    Allocation& opened = allocations_[index];
    opened.open = false;
    if (opened.live) mprotect(opened.pages, opened.page_bytes, PROT_NONE);
  }
  open_.clear();
}

Outcome Heap::free(void* memory) {
  const Allocation* found = find(memory);
  if (!found || memory != found->begin || !found->live) {
    return failure(cudaErrorInvalidValue,
                   "cudaFree of an address that is not the start of a live allocation: ", describe(memory));
  }
  Allocation& freed = allocations_[found->number - 1];
  freed.live = false;
  used_ -= freed.bytes;
  if (!freed.fresh) {
    mprotect(freed.pages, freed.page_bytes, PROT_NONE);
    madvise(freed.pages, freed.page_bytes, MADV_DONTNEED);
    forget(freed.pages, freed.page_bytes);
  }
  return {};
}

std::string Heap::describe(const void* address) const {
  std::ostringstream out;
  const char* at = static_cast<const char*>(address);
  if (!contains(address)) {
    out << address
        << (reinterpret_cast<std::uintptr_t>(address) < 65536 ? ", a null pointer" : ", host memory");
    return out.str();
  }
  const Allocation* near = find(address);
  for (std::size_t pages = 1; !near && pages * kPage <= kGap; ++pages) {  // in a gap: finds its allocation
    near = find(at - pages * kPage);
    if (!near) near = find(at + pages * kPage);
  }
  if (!near) {
    out << address << ", no allocation's memory";
    return out.str();
  }
  if (at < near->begin) {
    out << near->begin - at << " bytes before ";
  } else if (at >= near->end()) {
    out << at - near->end() << " bytes behind ";
  } else {
    out << at - near->begin << " bytes into ";
  }
  out << "device allocation " << near->number << " (" << near->bytes << " bytes"
      << (near->live ? ")" : ", freed)");
  return out.str();
}

Outcome Heap::check_guards(const Allocation& allocation) const {
  const auto touched = [](const char* from, const char* to) {
    return std::find_if(from, to, [](char c) { return static_cast<unsigned char>(c) != kCanary; });
  };
  const char* front =
      std::max(allocation.pages,
               allocation.begin - std::min<std::size_t>(
                                      kGuard, static_cast<std::size_t>(allocation.begin - allocation.pages)));
  const char* back = allocation.pages + allocation.page_bytes;
  const char* before = touched(front, allocation.begin);
  const char* behind = touched(allocation.end(), back);
  if (before == allocation.begin && behind == back) return {};
  return failure(cudaErrorIllegalAddress, "out of bounds: a write to ",
                 describe(before != allocation.begin ? before : behind));
}

Outcome Heap::check_guards() const {
  for (const std::size_t index : open_) {
    if (!allocations_[index].live) continue;
    if (Outcome outcome = check_guards(allocations_[index]); !outcome) return outcome;
  }
  return {};
}

}  // namespace elbo::emulation
