#pragma once
// Finds a product's fastest plan on this GPU by timing.

#include <functional>
#include <optional>
#include <span>

#include "ops/gemm_plan.h"
#include "runtime/context.h"

namespace elbo::ops {

/// Measures the seconds that work takes on the context's device.
using Stopwatch = std::function<double(const std::function<void()>&)>;

/// The limits of the context's GPU. Only on CUDA.
GemmLimits gemm_limits(Context& context);

/// Times a layer's product on arbitrary data, for the candidates that are predicted to be near the fastest,
/// and returns the fastest. Returns the candidate predicted to be fastest if no other is faster by more than
/// a few per cent; nothing if there is no memory for trials. A gradient of parameters is timed with
/// Adam's step. Only on CUDA, not while a graph is recorded. Throws DeviceError.
std::optional<GemmPlan> fastest_plan(Context& context, const GemmKey& key, const Stopwatch& stopwatch);

}  // namespace elbo::ops
