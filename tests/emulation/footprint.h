#pragma once
// The words of device memory that each node of a graph accesses. Nodes that no edge orders may run at once,
// so no other node may access a word that one of them writes, in whatever order they ran here.

#include <array>
#include <bitset>
#include <cstddef>
#include <unordered_map>
#include <vector>

#include "report.h"

namespace elbo::emulation {

struct Node;

class Footprints {
 public:
  /// Attributes later accesses to node `node`.
  void begin(std::size_t node);
  /// Records an access to bytes [offset, offset + bytes) of the heap's span.
  void add(std::size_t offset, std::size_t bytes, bool write) {
    for (std::size_t word = offset / 4; word <= (offset + bytes - 1) / 4; ++word) {
      Touch& touch = touch_of(word / kPageWords);
      (write ? touch.written : touch.read).set(word % kPageWords);
    }
  }
  /// Fails if two nodes that no edge orders access a word that one of them writes.
  Outcome check(const std::vector<Node>& nodes) const;

  /// During its lifetime, accesses are added to `footprints`.
  class Scope {
   public:
    explicit Scope(Footprints& footprints);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
  };

 private:
  static constexpr std::size_t kPageWords = 1024;
  struct Touch {
    std::size_t node;
    std::bitset<kPageWords> read, written;
  };
  struct Recent {
    std::size_t page;
    Touch* touch = nullptr;
  };

  Touch& touch_of(std::size_t page) {
    Recent& recent = recent_[page % recent_.size()];
    if (!recent.touch || recent.page != page) recent = {page, find(page)};
    return *recent.touch;
  }
  Touch* find(std::size_t page);

  std::size_t node_ = 0;
  std::unordered_map<std::size_t, std::vector<Touch>> pages_;
  std::array<Recent, 256> recent_{};  ///< accesses of this node
};

/// The record of accesses; null if they are not recorded.
extern Footprints* footprints;

/// Records an access to device memory outside of kernels (the checker sees those in kernels).
void note_access(const void* memory, std::size_t bytes, bool write);

}  // namespace elbo::emulation
