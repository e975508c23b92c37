#pragma once
// The emulated GPU's memory: separate pages, inaccessible to the host while no device work runs, between
// guard zones, never given out twice, and poisoned with NaN at first.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <string>
#include <vector>

#include "report.h"

namespace elbo::emulation {

/// NaN as float, double and bfloat16; as an index, far outside of all memory.
inline constexpr std::uint32_t kPoison = 0xfff4fff4u;
void poison(void* memory, std::size_t bytes);

struct Allocation {
  std::size_t number = 0;  ///< counted from 1
  char* begin = nullptr;
  std::size_t bytes = 0;
  char* pages = nullptr;
  std::size_t page_bytes = 0;
  bool live = false;
  bool fresh = true;  ///< not accessed so far
  bool open = false;  ///< accessible

  char* end() const { return begin + bytes; }
};

class Heap {
 public:
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kSpan = std::size_t{1} << 38;      ///< addresses
  static constexpr std::size_t kCapacity = std::size_t{8} << 30;  ///< maximum of live bytes
  static constexpr std::size_t kShared = std::size_t{256}
                                         << 10;  ///< one block's shared memory, at the span's start

  static Heap& instance();

  /// Null if the capacity does not allow it.
  void* allocate(std::size_t bytes);
  /// Fails if `memory` is not the start of a live allocation, or a guard zone was written to.
  Outcome free(void* memory);
  std::size_t available() const { return kCapacity - used_; }

  bool contains(const void* address) const { return offset(address) < kSpan; }
  std::size_t offset(const void* address) const {
    return static_cast<std::size_t>(static_cast<const char*>(address) - base_);
  }
  /// The allocation, live or freed, whose pages contain `address`; null if none does.
  const Allocation* find(const void* address) const {
    const std::uint32_t number = contains(address) ? owner_[offset(address) / kPage] : 0;
    return number == 0 ? nullptr : &allocations_[number - 1];
  }
  /// Whether all of [address, address + bytes) is in one live allocation.
  bool covers(const void* address, std::size_t bytes) const {
    const Allocation* owner = find(address);
    const char* begin = static_cast<const char*>(address);
    return owner && owner->live && begin >= owner->begin && bytes <= owner->bytes &&
           begin <= owner->end() - bytes;
  }
  /// Describes an address: "4 bytes behind device allocation 3 (400 bytes)".
  std::string describe(const void* address) const;
  /// Fails if a kernel has written to the bytes around an open allocation.
  Outcome check_guards() const;

  char* base() const { return base_; }
  char* shared() const { return base_; }
  const std::vector<Allocation>& allocations() const { return allocations_; }

  /// Makes the allocation whose pages contain `address` accessible until the last Access ends. Returns false
  /// if there is no live one or no Access.
  bool admit(const void* address);

  /// Device work runs during the lifetime of an Access, and may use live allocations.
  class Access {
   public:
    Access() { ++instance().accesses_; }
    ~Access() {
      if (--instance().accesses_ == 0) instance().close();
    }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;
  };

 private:
  Heap();
  void close();
  Outcome check_guards(const Allocation& allocation) const;

  char* base_ = nullptr;
  std::uint32_t* owner_ = nullptr;  ///< for every page, an allocation's number or 0
  std::size_t top_ = 0;             ///< offset of the first page never given out
  std::size_t used_ = 0;
  int accesses_ = 0;
  bool protected_ = true;  ///< whether the host has no access; $ELBO_EMULATION_PROTECT=0 turns it off
  std::vector<Allocation> allocations_;
  std::vector<std::size_t> open_;  ///< indices in allocations_
};

}  // namespace elbo::emulation
