#pragma once
// Which plan of a product is the fastest on this GPU, by trying.

#include <functional>
#include <optional>
#include <span>

#include "ops/product_plan.h"
#include "runtime/context.h"

namespace elbo::ops {

/// Seconds that work given to the context's device takes.
using Stopwatch = std::function<double(const std::function<void()>&)>;

/// The limits of the context's GPU. Only on CUDA.
ProductLimits product_limits(Context& context);

/// Times the candidates of a layer's product that are predicted not to be far behind the best one, on data of
/// no meaning, and returns the fastest; the one predicted to be the fastest where no other is faster by more
/// than a few per cent; nothing if there is no memory to try. A gradient of parameters is timed with
/// Adam's step. Only on CUDA, not while a graph is recorded. Throws DeviceError.
std::optional<ProductPlan> fastest_plan(Context& context, const ProductKey& key, const Stopwatch& stopwatch);

}  // namespace elbo::ops
