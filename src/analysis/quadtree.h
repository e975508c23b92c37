#pragma once
// Points of the plane in a quadtree, for forces that fall with distance (Barnes & Hut 1986).

#include <cstdint>
#include <span>
#include <vector>

namespace elbo::analysis {

struct Point {
  double x = 0.0;
  double y = 0.0;
};

/// Σ over the other points of t-SNE's repulsion, with q = 1 / (1 + distance²).
struct Repulsion {
  double normalizer = 0.0;  ///< Σ q
  Point force;              ///< Σ q² (point − other)
};

class Quadtree {
 public:
  /// A cell whose width is below `angle` times its distance counts as one point; 0 makes sums exact.
  explicit Quadtree(double angle) : angle_squared_(angle * angle) {}

  void build(std::span<const Point> points);
  /// Computes the repulsion of each point given to build(), on all cores.
  void repulsions(std::span<Repulsion> result) const;

 private:
  // Nodes are stored in depth-first order; `next` is the node to visit if this one is not entered.
  struct Node {
    Point centre;  // of mass
    double width_squared;
    std::int32_t first, end;  // its points, in the order of the curve
    std::int32_t next;
    bool leaf;
  };

  void add(std::int32_t first, std::int32_t end, int depth, double width);
  Repulsion repulsion(Point at) const;

  double angle_squared_;
  std::vector<std::uint64_t> order_;  // (place on the Z-order curve << 32) | point, sorted
  std::vector<Point> sorted_;
  std::vector<Node> nodes_;
};

}  // namespace elbo::analysis
