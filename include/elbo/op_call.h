#pragma once
// A measured call of an op.

#include <string>

#include "elbo/precision.h"

namespace elbo {

/// One call of an op.
struct OpCall {
  std::string op;      ///< "linear_forward"
  std::string shape;   ///< "128x784 -> 128x400"
  std::string engine;  ///< what computes it: "tiles", "loops", "tensor cores"
  std::string tile;    ///< tile of a GPU's block, "32x64x32"; empty if not applicable
  int splits = 1;      ///< blocks that share a product's inner dimension
  Precision precision = Precision::fp32;
  double flops = 0.0;  ///< of its product; 0 if it has none
  double bytes = 0.0;  ///< every input read once, every output written once
  double seconds = 0.0;
};

}  // namespace elbo
