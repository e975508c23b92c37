#pragma once
// The way from an op to its kernel. In builds with CUDA every op has a launcher of the same name and
// arguments in elbo::cuda (kernels/<op>.cu), and calls it after the shape checks. A missing launcher is a
// link error.

#include "ops/op_trace.h"

namespace elbo::ops {

/// Calls `launch()`, which calls the op's launcher:
///   if (context.is_cuda()) return run_on_cuda(context, [&] { cuda::adam(context, …); });
/// A build without CUDA has no context on a GPU and no launchers. There `launch` is compiled but never
/// called, so no symbol is missing.
template <class Launch>
void run_on_cuda([[maybe_unused]] Context& context, [[maybe_unused]] const Launch& launch) {
  if constexpr (ELBO_HAS_CUDA) {
    if (context.trace()) {
      run_traced(context, launch);
    } else {
      launch();
    }
  }
}

}  // namespace elbo::ops
