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
constexpr std::size_t kGuard = 256;  ///< bytes watched on either side, where the pages have them
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
  made.begin = made.pages + (page_bytes - padded);  // the end meets the gap, as far as the alignment allows
  made.live = true;
  if (mprotect(made.pages, page_bytes, PROT_READ | PROT_WRITE) != 0) return nullptr;
  top_ += page_bytes + kGap;
  used_ += bytes;
  std::fill_n(owner_ + offset(made.pages) / kPage, page_bytes / kPage,
              static_cast<std::uint32_t>(made.number));
  std::memset(made.pages, kCanary, static_cast<std::size_t>(made.begin - made.pages));
  poison(made.begin, bytes);
  std::memset(made.end(), kCanary, padded - bytes);
  if (protected_ && opened_ == 0) mprotect(made.pages, page_bytes, PROT_NONE);
  live_.push_back(allocations_.size());
  allocations_.push_back(made);
  return made.begin;
}

Outcome Heap::free(void* memory) {
  const Allocation* found = find(memory);
  if (!found || memory != found->begin || !found->live) {
    return failure(cudaErrorInvalidValue,
                   "cudaFree of an address that is not the start of a live allocation: ", describe(memory));
  }
  Access access;
  const Outcome guards = check_guards(*found);
  Allocation& freed = allocations_[found->number - 1];
  freed.live = false;
  used_ -= freed.bytes;
  live_.erase(std::find(live_.begin(), live_.end(), freed.number - 1));
  mprotect(freed.pages, freed.page_bytes, PROT_NONE);
  madvise(freed.pages, freed.page_bytes, MADV_DONTNEED);
  forget(freed.pages, freed.page_bytes);
  return guards;
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
  for (std::size_t pages = 1; !near && pages * kPage <= kGap; ++pages) {  // in a gap: whose?
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
  for (const std::size_t index : live_) {
    if (Outcome outcome = check_guards(allocations_[index]); !outcome) return outcome;
  }
  return {};
}

void Heap::protect(int protection) {
  if (!protected_) return;
  for (const std::size_t index : live_)
    mprotect(allocations_[index].pages, allocations_[index].page_bytes, protection);
}

void Heap::open() {
  if (opened_++ == 0) protect(PROT_READ | PROT_WRITE);
}

void Heap::close() {
  if (--opened_ == 0) protect(PROT_NONE);
}

}  // namespace elbo::emulation
