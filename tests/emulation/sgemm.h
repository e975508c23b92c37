#pragma once
// A product of float matrices on the host, for cuBLAS's replacement.

#include <cstdint>

namespace elbo::emulation {

/// A factor of a product: a column-major matrix, as stored or transposed.
struct Factor {
  const float* data;
  std::int64_t leading;  ///< values from one stored column to the next
  bool transposed;

  float at(std::int64_t row, std::int64_t col) const {
    return data[transposed ? col + leading * row : row + leading * col];
  }
};

/// c = alpha a b + beta c, with a [m, k], b [k, n] and c [m, n], column-major. c is not read if beta is 0.
/// Each value's sum is in fp32 and in the order of k.
void sgemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, const Factor& a, const Factor& b,
           float beta, float* c, std::int64_t leading);

}  // namespace elbo::emulation
