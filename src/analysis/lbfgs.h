#pragma once
// Minimises a smooth function of many variables.

#include <functional>
#include <vector>

namespace elbo::analysis {

/// Returns f(x) and writes its gradient into the second argument (sized like x).
using SmoothFunction = std::function<double(const std::vector<double>&, std::vector<double>&)>;

/// Limited-memory BFGS (Liu & Nocedal 1989) with ten pairs and a backtracking line search, starting at `x`.
/// Stops when the gradient's largest entry is below `tolerance`, when no step lowers f, or after
/// `max_steps`.
void minimize(const SmoothFunction& f, std::vector<double>& x, double tolerance, int max_steps);

}  // namespace elbo::analysis
