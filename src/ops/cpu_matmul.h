#pragma once
// Matrix products on the CPU, by oneDNN.

#include "runtime/context.h"
#include "runtime/view.h"

namespace elbo::ops::cpu {

/// A matrix as it enters a product: stored row-major, taken as it is or transposed.
struct Operand {
  MatrixView<const float> stored;
  bool transposed = false;

  std::int64_t rows() const { return transposed ? stored.cols : stored.rows; }
  std::int64_t cols() const { return transposed ? stored.rows : stored.cols; }
};

/// c = a b, or c += a b. The sum over k runs in an order that depends on the shape and the context's threads
/// alone. What oneDNN prepares for a shape is kept, with its scratch, per calling thread: only the first
/// product of a shape allocates.
void matmul(Context& context, MatrixView<float> c, const Operand& a, const Operand& b,
            bool accumulate = false);

}  // namespace elbo::ops::cpu
