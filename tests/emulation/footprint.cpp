#include "footprint.h"

#include <algorithm>
#include <cstdint>

#include "heap.h"
#include "shadow.h"
#include "stream.h"

namespace elbo::emulation {

Footprints* footprints = nullptr;

namespace {

/// For each node, the nodes before it, one bit each.
class Order {
 public:
  explicit Order(const std::vector<Node>& nodes) : words_((nodes.size() + 63) / 64) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      std::vector<std::uint64_t> all(words_);
      for (const std::size_t node : nodes[i].after) {
        for (std::size_t w = 0; w < words_; ++w) all[w] |= before_[node][w];
        all[node / 64] |= std::uint64_t{1} << (node % 64);
      }
      before_.push_back(std::move(all));
    }
  }
  bool ordered(std::size_t a, std::size_t b) const { return is_before(a, b) || is_before(b, a); }

 private:
  bool is_before(std::size_t a, std::size_t b) const { return before_[b][a / 64] >> (a % 64) & 1; }

  std::size_t words_;
  std::vector<std::vector<std::uint64_t>> before_;
};

}  // namespace

Footprints::Scope::Scope(Footprints& to) {
  footprints = shadow.ready() ? &to : nullptr;
}
Footprints::Scope::~Scope() {
  footprints = nullptr;
}

void Footprints::begin(std::size_t node) {
  node_ = node;
  recent_ = {};
}

Footprints::Touch* Footprints::find(std::size_t page) {
  auto& touches = pages_[page];
  if (touches.empty() || touches.back().node != node_) touches.push_back({node_, {}, {}, {}});
  return &touches.back();  // stays valid: no other node adds to the page while this one runs
}

Outcome Footprints::check_early(const std::vector<Node>& nodes, std::size_t page, const Touch& reader,
                                const Touch& writer) {
  const auto shared = reader.early & writer.written;
  const std::vector<std::size_t>& before = nodes[reader.node].after;
  if (shared.none() || std::find(before.begin(), before.end(), writer.node) == before.end()) return {};
  const Heap& heap = Heap::instance();
  return failure(cudaErrorLaunchFailure, nodes[reader.node].name, " reads, before it waits for it, what ",
                 nodes[writer.node].name,
                 " writes: ", heap.describe(heap.base() + (page * kPageWords + shared._Find_first()) * 4));
}

Outcome Footprints::check(const std::vector<Node>& nodes) const {
  const Order order(nodes);
  for (const auto& [page, touches] : pages_) {
    for (std::size_t i = 0; i < touches.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const Touch& a = touches[i];
        const Touch& b = touches[j];
        if (Outcome outcome = check_early(nodes, page, a, b); !outcome) return outcome;
        if (Outcome outcome = check_early(nodes, page, b, a); !outcome) return outcome;
        const auto shared = (a.written & (b.written | b.read)) | (a.read & b.written);
        if (shared.none() || order.ordered(a.node, b.node)) continue;
        const std::size_t word = page * kPageWords + shared._Find_first();
        const Heap& heap = Heap::instance();
        const auto did = [&](const Touch& touch) {
          return touch.written[word % kPageWords] ? " writes" : " reads";
        };
        return failure(cudaErrorLaunchFailure,
                       "race between nodes of a graph that no edge orders: ", nodes[a.node].name, did(a),
                       " and ", nodes[b.node].name, did(b), " ", heap.describe(heap.base() + word * 4));
      }
    }
  }
  return {};
}

void note_early_read(const void* memory, std::size_t bytes) {
  if (!footprints || bytes == 0 || !shadow.heap->contains(memory)) return;
  footprints->add_early(shadow.heap->offset(memory), bytes);
}

void note_access(const void* memory, std::size_t bytes, bool write) {
  if (!footprints || bytes == 0 || !shadow.heap->contains(memory)) return;
  footprints->add(shadow.heap->offset(memory), bytes, write);
}

}  // namespace elbo::emulation
