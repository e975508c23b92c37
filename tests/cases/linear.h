#pragma once
// Cases of ops/linear.h: products of all shapes and activations, with float64 references.

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "cases/activations.h"
#include "math/precision.h"
#include "ops/linear.h"
#include "base/check.h"
#include "support/gradient_check.h"
#include "support/op_case.h"

/// Calls ops::op(context, …), or on CUDA the op with a plan if there is one.
#if ELBO_HAS_CUDA
#define ELBO_RUN_PLANNED(plan, context, op, ...) \
  (plan) ? cuda::op(context, *(plan), __VA_ARGS__) : ops::op(context, __VA_ARGS__)
#else
#define ELBO_RUN_PLANNED(plan, context, op, ...) (void)(plan), ops::op(context, __VA_ARGS__)
#endif

namespace elbo::test {

/// A layer with n rows, `in` inputs and `out` outputs, and its data.
struct LinearShape {
  std::int64_t n, in, out;

  std::string name() const { return concat("n", n, "_in", in, "_out", out); }
  double flops() const { return 2.0 * static_cast<double>(n * in * out); }
  double bytes() const { return 4.0 * static_cast<double>(n * in + n * out + in * out); }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(n * 1000003 + in * 1009 + out); }

  std::vector<float> x() const { return Random(seed()).normal(n * in); }
  std::vector<float> w() const {
    return Random(seed() + 1).normal(out * in, 0.0, 1.0 / std::sqrt(static_cast<double>(in)));
  }
  std::vector<float> b() const { return Random(seed() + 2).normal(out); }
  std::vector<float> dy() const { return Random(seed() + 3).normal(n * out); }
};

/// A product's operand rounded to a precision.
inline std::vector<double> operand(Precision precision, std::vector<float> values) {
  for (float& value : values) {
    if (precision == Precision::tf32) value = math::round_to_tf32(value);
    if (precision == Precision::bf16) value = math::round_to_bf16(value);
  }
  return widen(values);
}
/// `tolerance` of a sum of `terms` products of about `magnitude`. For cuBLASLt on a GPU in tf32 it is wider,
/// as the library's rounding to tf32 may lose up to 2⁻¹⁰ of each operand.
inline Tolerance allow_blas(Tolerance tolerance, const std::optional<ops::GemmPlan>& plan, double terms,
                            double magnitude) {
  const bool blas = plan && plan->engine == ops::GemmEngine::blas && plan->precision == Precision::tf32;
  // The mean of |a b| is 2/π for standard normals; sums of few terms vary more.
  if (blas && cuda_support() != CudaSupport::emulated)
    tolerance.absolute += 0x1p-9 * (terms + 4.0) * magnitude;
  return tolerance;
}
/// The precision's suffix in a case's name.
inline std::string precision_suffix(Precision precision) {
  return precision == Precision::fp32 ? "" : concat("_", precision_name(precision));
}

/// x wᵀ + b for x [n, in], w [out, in]; b may be empty.
inline std::vector<double> affine_reference(const LinearShape& shape, std::span<const double> x,
                                            std::span<const double> w, std::span<const double> b) {
  std::vector<double> y(static_cast<std::size_t>(shape.n * shape.out));
  for (std::int64_t i = 0; i < shape.n; ++i) {
    for (std::int64_t j = 0; j < shape.out; ++j) {
      double sum = b.empty() ? 0.0 : b[j];
      for (std::int64_t k = 0; k < shape.in; ++k) sum += x[i * shape.in + k] * w[j * shape.in + k];
      y[i * shape.out + j] = sum;
    }
  }
  return y;
}

struct LinearForwardCase {
  LinearShape shape;
  Activation activation = Activation::identity;
  bool bias = true;
  bool save = false;  ///< keep the pre-activation, for any activation
  Precision precision = Precision::fp32;
  std::optional<ops::GemmPlan> plan = {};  ///< on CUDA, instead of the chosen plan

  std::string name() const {
    return concat(shape.name(), "_", activation_name(activation), bias ? "" : "_nobias", save ? "_saved" : "",
                  plan ? concat("_", plan->name()) : precision_suffix(precision));
  }
  double flops() const { return shape.flops(); }
  double bytes() const {
    return shape.bytes() + (save ? 4.0 * static_cast<double>(shape.n * shape.out) : 0.0);
  }

  std::vector<double> pre_activation() const {
    return affine_reference(shape, operand(precision, shape.x()), operand(precision, shape.w()),
                            bias ? widen(shape.b()) : std::vector<double>{});
  }
  std::vector<double> reference() const {
    auto y = pre_activation();
    for (double& value : y) value = activate_reference(activation, value);
    return y;
  }
  void bind(OpRun& run) const {
    const auto terms = static_cast<double>(shape.in);
    const auto tolerance =
        allow_blas(Tolerance::gemm_sum(precision, terms), plan, terms, 1.0 / std::sqrt(terms));
    const auto x = run.input("x", shape.n, shape.in, shape.x());
    const auto w = run.dense_input("w", shape.out, shape.in, shape.w());
    const auto b = bias ? run.input("b", shape.b()) : VectorView<const float>{};
    const auto y = run.output<float>(
        "y", shape.n, shape.out, [c = *this] { return c.reference(); }, tolerance);
    MatrixView<float> saved;
    if (save) {
      saved = run.output<float>(
          "saved", shape.n, shape.out, [c = *this] { return c.pre_activation(); }, tolerance);
    }
    run.operation = [=, act = activation, exactly = precision, with = plan](Context& context) {
      const PrecisionScope scope(context, exactly);
      ELBO_RUN_PLANNED(with, context, linear_forward, y, saved, x, w, b, act);
    };
  }
};

struct LinearBackwardInputCase {
  LinearShape shape;
  Activation activation = Activation::identity;  ///< that produced x
  bool in_place = false;                         ///< dx takes the memory of `saved`
  Precision precision = Precision::fp32;
  std::optional<ops::GemmPlan> plan = {};  ///< on CUDA, instead of the chosen plan

  std::string name() const {
    return concat(shape.name(), "_", activation_name(activation), in_place ? "_inplace" : "",
                  plan ? concat("_", plan->name()) : precision_suffix(precision));
  }
  double flops() const { return shape.flops(); }
  double bytes() const {
    const bool reads_saved = activation != Activation::identity;
    return shape.bytes() + (reads_saved ? 4.0 * static_cast<double>(shape.n * shape.in) : 0.0);
  }

  /// The layer's input before its activation; includes zeros, where relu has its corner.
  std::vector<float> pre_activation() const {
    auto values = shape.x();
    for (std::size_t i = 0; i < values.size(); i += 7) values[i] = 0.0f;
    return values;
  }
  /// The values from which the op computes act′.
  std::vector<float> saved() const {
    auto values = pre_activation();
    if (derivative_needs_input(activation)) return values;
    for (float& value : values) value = static_cast<float>(activate_reference(activation, value));
    return values;
  }
  std::vector<double> reference() const {
    const auto dy = operand(precision, shape.dy()), w = operand(precision, shape.w());
    const auto pre = pre_activation();
    std::vector<double> dx(static_cast<std::size_t>(shape.n * shape.in));
    for (std::int64_t i = 0; i < shape.n; ++i) {
      double* row = dx.data() + i * shape.in;
      for (std::int64_t j = 0; j < shape.out; ++j) {
        const double factor = dy[i * shape.out + j];
        for (std::int64_t k = 0; k < shape.in; ++k) row[k] += factor * w[j * shape.in + k];
      }
      for (std::int64_t k = 0; k < shape.in; ++k)
        row[k] *= derivative_reference(activation, pre[i * shape.in + k]);
    }
    return dx;
  }
  void bind(OpRun& run) const {
    const double size =
        std::max(1.0, std::sqrt(static_cast<double>(shape.out) / static_cast<double>(shape.in)));
    auto tolerance = Tolerance::gemm_sum(precision, static_cast<double>(shape.out), size);
    tolerance.absolute += 4e-6 * size;  // `saved` is rounded
    tolerance = allow_blas(tolerance, plan, static_cast<double>(shape.out),
                           1.0 / std::sqrt(static_cast<double>(shape.in)));
    const auto dy = run.input("dy", shape.n, shape.out, shape.dy());
    const auto w = run.dense_input("w", shape.out, shape.in, shape.w());
    const auto dx = run.output<float>(
        "dx", shape.n, shape.in, [c = *this] { return c.reference(); }, tolerance,
        in_place ? saved() : std::vector<float>{});
    MatrixView<const float> from = dx;
    if (activation == Activation::identity) {
      from = {};
    } else if (!in_place) {
      from = run.input("saved", shape.n, shape.in, saved());
    }
    run.operation = [=, act = activation, exactly = precision, with = plan](Context& context) {
      const PrecisionScope scope(context, exactly);
      ELBO_RUN_PLANNED(with, context, linear_backward_input, dx, dy, w, from, act);
    };
  }
};

struct LinearBackwardParamsCase {
  LinearShape shape;
  bool bias = true;
  bool accumulate = false;
  Precision precision = Precision::fp32;
  std::optional<ops::GemmPlan> plan = {};  ///< on CUDA, instead of the chosen plan

  std::string name() const {
    return concat(shape.name(), bias ? "" : "_nobias", accumulate ? "_accumulate" : "",
                  plan ? concat("_", plan->name()) : precision_suffix(precision));
  }
  double flops() const { return shape.flops(); }
  double bytes() const {
    return shape.bytes() + (accumulate ? 4.0 * static_cast<double>(shape.in * shape.out) : 0.0);
  }

  std::vector<float> dw_before() const { return Random(shape.seed() + 4).normal(shape.out * shape.in); }
  std::vector<float> db_before() const { return Random(shape.seed() + 5).normal(shape.out); }
  std::vector<double> dw_reference() const {
    const auto x = operand(precision, shape.x()), dy = operand(precision, shape.dy());
    std::vector<double> dw(static_cast<std::size_t>(shape.out * shape.in));
    if (accumulate) dw = widen(dw_before());
    for (std::int64_t i = 0; i < shape.n; ++i) {
      for (std::int64_t j = 0; j < shape.out; ++j) {
        const double factor = dy[i * shape.out + j];
        for (std::int64_t k = 0; k < shape.in; ++k) dw[j * shape.in + k] += factor * x[i * shape.in + k];
      }
    }
    return dw;
  }
  std::vector<double> db_reference() const {
    const auto dy = shape.dy();
    std::vector<double> db(static_cast<std::size_t>(shape.out));
    if (accumulate) db = widen(db_before());
    for (std::int64_t i = 0; i < shape.n * shape.out; ++i) db[i % shape.out] += dy[i];
    return db;
  }
  void bind(OpRun& run) const {
    const double rows = static_cast<double>(shape.n);
    const auto tolerance =
        Tolerance::gemm_sum(precision, rows, std::max(1.0, 0.2 * std::sqrt(rows)));  // partial sums grow
    const std::vector<float> nothing;
    const auto dy = run.input("dy", shape.n, shape.out, shape.dy());
    const auto x = run.input("x", shape.n, shape.in, shape.x());
    const auto dw = run.dense_output<float>(
        "dw", shape.out, shape.in, [c = *this] { return c.dw_reference(); },
        allow_blas(tolerance, plan, rows, 1.0), accumulate ? dw_before() : nothing);
    VectorView<float> db;
    if (bias) {
      db = run.output<float>(
          "db", shape.out, [c = *this] { return c.db_reference(); }, tolerance,
          accumulate ? db_before() : nothing);
    }
    run.operation = [=, add = accumulate, exactly = precision, with = plan](Context& context) {
      const PrecisionScope scope(context, exactly);
      ELBO_RUN_PLANNED(with, context, linear_backward_params, dw, db, dy, x, add);
    };
  }
};

/// Products of 784-400-400-20-400-400-784 at batch 128; the heads are one product of 2·20.
inline std::vector<LinearShape> network_shapes() {
  return {{128, 784, 400}, {128, 400, 400}, {128, 400, 40}, {128, 20, 400}, {128, 400, 784}};
}

/// Every tile that can run in each precision, whatever the shape, as plans for a GPU.
inline std::vector<ops::GemmPlan> every_tile(int splits) {
  std::vector<ops::GemmPlan> plans;
  const auto add = [&](ops::GemmEngine engine, Precision precision, int count) {
    for (int tile = 0; tile < count; ++tile) plans.push_back({engine, precision, tile, splits});
  };
  add(ops::GemmEngine::scalar, Precision::fp32, std::size(ops::kScalarTiles));
  add(ops::GemmEngine::tensor, Precision::tf32, std::size(ops::kTensorTiles));
  add(ops::GemmEngine::tensor, Precision::bf16, std::size(ops::kTensorTiles));
  return plans;
}

/// Combinations of small, odd and wide extents.
inline std::vector<LinearShape> awkward_shapes() {
  return {{1, 1, 1},    {3, 1, 17},  {1, 784, 3},   {17, 33, 20},   {33, 3, 1},
          {20, 17, 33}, {3, 400, 1}, {128, 20, 33}, {33, 128, 400}, {17, 784, 128}};
}

}  // namespace elbo::test
