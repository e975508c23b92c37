#pragma once
// The words of device memory that each node of a graph accesses. Nodes that no edge orders may run at once,
// so no other node may access a word that one of them writes, in whatever order they ran here. A node may
// begin while those right before it still run (kernels/arch/grid_dependency.cuh), and until it has waited for
// them must not read what they write.

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
  /// Records a read that the node makes before it waits for those before it.
  void add_early(std::size_t offset, std::size_t bytes) {
    for (std::size_t word = offset / 4; word <= (offset + bytes - 1) / 4; ++word)
      touch_of(word / kPageWords).early.set(word % kPageWords);
  }
  /// Fails if two nodes that no edge orders access a word that one of them writes, or if a node reads too
  /// early what one right before it writes.
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
    std::bitset<kPageWords> read, written, early;
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
  static Outcome check_early(const std::vector<Node>& nodes, std::size_t page, const Touch& reader,
                             const Touch& writer);

  std::size_t node_ = 0;
  std::unordered_map<std::size_t, std::vector<Touch>> pages_;
  std::array<Recent, 256> recent_{};  ///< accesses of this node
};

/// The record of accesses; null if they are not recorded.
extern Footprints* footprints;

/// Records an access to device memory outside of kernels (the checker sees those in kernels).
void note_access(const void* memory, std::size_t bytes, bool write);

}  // namespace elbo::emulation
