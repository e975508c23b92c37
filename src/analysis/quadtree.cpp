#include "analysis/quadtree.h"

#include <algorithm>
#include <cmath>

#include "elbo/device.h"

namespace elbo::analysis {
namespace {

constexpr int kDepth = 16;  // bits of each coordinate on the curve
constexpr std::int32_t kLeaf = 8;

/// Puts a zero before each of the 16 bits.
std::uint64_t spread(std::uint64_t bits) {
  bits = (bits | bits << 8) & 0x00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f;
  bits = (bits | bits << 2) & 0x33333333;
  return (bits | bits << 1) & 0x55555555;
}

}  // namespace

void Quadtree::build(std::span<const Point> points) {
  Point low{INFINITY, INFINITY}, high{-INFINITY, -INFINITY};
  for (const Point& p : points) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  const double width = std::max({high.x - low.x, high.y - low.y, 1e-300});
  constexpr int kCells = 1 << kDepth;
  const auto cell = [&](double offset) {
    return static_cast<std::uint64_t>(std::clamp(static_cast<int>(offset / width * kCells), 0, kCells - 1));
  };
  order_.resize(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::uint64_t place = spread(cell(points[i].x - low.x)) | spread(cell(points[i].y - low.y)) << 1;
    order_[i] = place << 32 | i;
  }
  std::sort(order_.begin(), order_.end());
  sorted_.clear();
  for (const std::uint64_t key : order_) sorted_.push_back(points[key & 0xffffffff]);
  nodes_.clear();
  if (!points.empty()) add(0, static_cast<std::int32_t>(points.size()), 0, width);
}

void Quadtree::add(std::int32_t first, std::int32_t end, int depth, double width) {
  const std::size_t self = nodes_.size();
  Node node{{}, width * width, first, end, 0, end - first <= kLeaf || depth == kDepth};
  for (std::int32_t i = first; i < end; ++i) {
    node.centre.x += sorted_[static_cast<std::size_t>(i)].x;
    node.centre.y += sorted_[static_cast<std::size_t>(i)].y;
  }
  node.centre.x /= end - first;
  node.centre.y /= end - first;
  nodes_.push_back(node);
  if (!node.leaf) {
    const int shift = 32 + 2 * (kDepth - 1 - depth);
    const auto quarter = [&](std::int32_t i) { return order_[static_cast<std::size_t>(i)] >> shift & 3; };
    for (std::int32_t begin = first; begin < end;) {
      std::int32_t stop = begin;
      while (stop < end && quarter(stop) == quarter(begin)) ++stop;
      add(begin, stop, depth + 1, 0.5 * width);
      begin = stop;
    }
  }
  nodes_[self].next = static_cast<std::int32_t>(nodes_.size());
}

Repulsion Quadtree::repulsion(Point at) const {
  Repulsion sum;
  const auto add_at = [&](Point other, double count) {
    const double dx = at.x - other.x, dy = at.y - other.y;
    const double q = 1.0 / (1.0 + dx * dx + dy * dy);
    sum.normalizer += count * q;
    sum.force.x += count * q * q * dx;
    sum.force.y += count * q * q * dy;
  };
  for (std::size_t n = 0; n < nodes_.size();) {
    const Node& node = nodes_[n];
    const double dx = at.x - node.centre.x, dy = at.y - node.centre.y;
    if (node.width_squared < angle_squared_ * (dx * dx + dy * dy)) {
      add_at(node.centre, node.end - node.first);
    } else if (node.leaf) {
      for (std::int32_t i = node.first; i < node.end; ++i) add_at(sorted_[static_cast<std::size_t>(i)], 1.0);
    } else {
      ++n;
      continue;
    }
    n = static_cast<std::size_t>(node.next);
  }
  sum.normalizer -= 1.0;  // the point's own term
  return sum;
}

void Quadtree::repulsions(std::span<Repulsion> result) const {
  // Goes in the curve's order, so that successive points visit the same nodes.
#pragma omp parallel for schedule(dynamic, 64) num_threads(cpu_threads())
  for (std::size_t i = 0; i < sorted_.size(); ++i) result[order_[i] & 0xffffffff] = repulsion(sorted_[i]);
}

}  // namespace elbo::analysis
