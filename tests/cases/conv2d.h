#pragma once
// Cases of ops/conv2d.h: convolutions and their transposes, with float64 references that follow PyTorch's
// definitions loop by loop.

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "cases/linear.h"
#include "ops/conv2d.h"

namespace elbo::test {

/// A layer on n pictures: a convolution, or the transpose of one.
struct Conv2dLayer {
  std::int64_t n;
  ops::Conv2dShape shape;
  bool transpose = false;

  std::string name() const {
    const auto& s = shape;
    return concat(transpose ? "transpose_" : "", "n", n, "_", s.height, "x", s.width, "x", s.channels, "_f",
                  s.filters, "_k", s.kernel, "_s", s.stride, "_p", s.padding);
  }
  double flops() const {
    return 2.0 *
           static_cast<double>(n * shape.out_height() * shape.out_width() * shape.patch() * shape.filters);
  }
  double bytes() const {
    return 4.0 * static_cast<double>(n * (shape.in() + shape.out()) + shape.filters * shape.patch());
  }
  std::uint64_t seed() const {
    const auto& s = shape;
    return static_cast<std::uint64_t>(n +
                                      31 * (s.height + 31 * (s.width + 31 * (s.channels + 31 * s.filters))) +
                                      7 * s.kernel + 5 * s.stride + s.padding);
  }

  /// Values of the layer's input and output pictures, and channels of the output.
  std::int64_t in() const { return transpose ? shape.out() : shape.in(); }
  std::int64_t out() const { return transpose ? shape.in() : shape.out(); }
  std::int64_t out_channels() const { return transpose ? shape.channels : shape.filters; }
  /// The number of terms in a value's sum: forward, backward to the input, and to the weights.
  double terms() const { return static_cast<double>(transpose ? terms_of_transpose() : shape.patch()); }
  double terms_back() const { return static_cast<double>(transpose ? shape.patch() : terms_of_transpose()); }
  double positions() const { return static_cast<double>(n * shape.out_height() * shape.out_width()); }

  std::vector<float> x() const { return Random(seed()).normal(n * in()); }
  std::vector<float> w() const {
    return Random(seed() + 1).normal(shape.filters * shape.patch(), 0.0, weight_size());
  }
  std::vector<float> b() const { return Random(seed() + 2).normal(out_channels()); }
  std::vector<float> dy() const { return Random(seed() + 3).normal(n * out()); }
  double weight_size() const { return 1.0 / std::sqrt(terms()); }

 private:
  std::int64_t terms_of_transpose() const {
    const std::int64_t taps = (shape.kernel + shape.stride - 1) / shape.stride;
    return taps * taps * shape.filters;
  }
};

/// Calls use(x, y, w) for every triple of indices that a convolution combines: into a picture of shape.in()
/// values, one of shape.out() values, and w.
template <class Use>
void for_each_term(const ops::Conv2dShape& s, const Use& use) {
  for (std::int64_t oy = 0; oy < s.out_height(); ++oy) {
    for (std::int64_t ox = 0; ox < s.out_width(); ++ox) {
      for (std::int64_t ky = 0; ky < s.kernel; ++ky) {
        for (std::int64_t kx = 0; kx < s.kernel; ++kx) {
          const std::int64_t iy = oy * s.stride + ky - s.padding, ix = ox * s.stride + kx - s.padding;
          if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
          for (std::int64_t f = 0; f < s.filters; ++f) {
            const std::int64_t at_y = (oy * s.out_width() + ox) * s.filters + f;
            for (std::int64_t c = 0; c < s.channels; ++c) {
              use((iy * s.width + ix) * s.channels + c, at_y,
                  ((f * s.kernel + ky) * s.kernel + kx) * s.channels + c);
            }
          }
        }
      }
    }
  }
}

/// The convolution of `x`, or its transpose, without a bias: [n, in] to [n, out].
inline std::vector<double> convolve_reference(const Conv2dLayer& layer, bool transpose,
                                              std::span<const double> x, std::span<const double> w) {
  const ops::Conv2dShape& s = layer.shape;
  const std::int64_t in = transpose ? s.out() : s.in(), out = transpose ? s.in() : s.out();
  std::vector<double> y(static_cast<std::size_t>(layer.n * out));
  for (std::int64_t i = 0; i < layer.n; ++i) {
    const double* const from = x.data() + i * in;
    double* const to = y.data() + i * out;
    for_each_term(s, [&](std::int64_t a, std::int64_t b, std::int64_t of_w) {
      (transpose ? to[a] : to[b]) += (transpose ? from[b] : from[a]) * w[of_w];
    });
  }
  return y;
}

inline void add_bias(std::vector<double>& y, std::span<const double> b) {
  for (std::size_t i = 0; i < y.size() && !b.empty(); ++i) y[i] += b[i % b.size()];
}

struct Conv2dForwardCase {
  Conv2dLayer layer;
  Activation activation = Activation::identity;
  bool bias = true;
  bool save = false;  ///< keep the pre-activation, for any activation
  Precision precision = Precision::fp32;
  std::optional<ops::GemmPlan> plan = {};  ///< on CUDA, instead of the chosen plan

  std::string name() const {
    return concat(layer.name(), "_", activation_name(activation), bias ? "" : "_nobias", save ? "_saved" : "",
                  plan ? concat("_", plan->name()) : precision_suffix(precision));
  }
  double flops() const { return layer.flops(); }
  double bytes() const {
    return layer.bytes() + (save ? 4.0 * static_cast<double>(layer.n * layer.out()) : 0.0);
  }

  std::vector<double> pre_activation() const {
    auto y = convolve_reference(layer, layer.transpose, operand(precision, layer.x()),
                                operand(precision, layer.w()));
    if (bias) add_bias(y, widen(layer.b()));
    return y;
  }
  std::vector<double> reference() const {
    auto y = pre_activation();
    for (double& value : y) value = activate_reference(activation, value);
    return y;
  }
  void bind(OpRun& run) const {
    const auto tolerance = Tolerance::gemm_sum(precision, layer.terms());
    const auto x = run.input("x", layer.n, layer.in(), layer.x());
    const auto w = run.dense_input("w", layer.shape.filters, layer.shape.patch(), layer.w());
    const auto b = bias ? run.input("b", layer.b()) : VectorView<const float>{};
    const auto y = run.output<float>(
        "y", layer.n, layer.out(), [c = *this] { return c.reference(); }, tolerance);
    MatrixView<float> saved;
    if (save) {
      saved = run.output<float>(
          "saved", layer.n, layer.out(), [c = *this] { return c.pre_activation(); }, tolerance);
    }
    run.operation = [=, c = *this](Context& context) {
      const PrecisionScope scope(context, c.precision);
      if (c.layer.transpose) {
        ELBO_RUN_PLANNED(c.plan, context, conv2d_transpose_forward, y, saved, x, w, b, c.layer.shape,
                         c.activation);
      } else {
        ELBO_RUN_PLANNED(c.plan, context, conv2d_forward, y, saved, x, w, b, c.layer.shape, c.activation);
      }
    };
  }
};

struct Conv2dBackwardInputCase {
  Conv2dLayer layer;
  Activation activation = Activation::identity;  ///< that produced x
  Precision precision = Precision::fp32;
  std::optional<ops::GemmPlan> plan = {};  ///< on CUDA, instead of the chosen plan

  std::string name() const {
    return concat(layer.name(), "_", activation_name(activation),
                  plan ? concat("_", plan->name()) : precision_suffix(precision));
  }
  double flops() const { return layer.flops(); }
  double bytes() const {
    const bool reads_saved = activation != Activation::identity;
    return layer.bytes() + (reads_saved ? 4.0 * static_cast<double>(layer.n * layer.in()) : 0.0);
  }

  /// The layer's input before its activation; includes zeros, where relu has its corner.
  std::vector<float> pre_activation() const {
    auto values = layer.x();
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
    auto dx = convolve_reference(layer, !layer.transpose, operand(precision, layer.dy()),
                                 operand(precision, layer.w()));
    const auto pre = pre_activation();
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] *= derivative_reference(activation, pre[i]);
    return dx;
  }
  void bind(OpRun& run) const {
    const double size = std::max(1.0, std::sqrt(layer.terms_back() / layer.terms()));
    auto tolerance = Tolerance::gemm_sum(precision, layer.terms_back(), size);
    tolerance.absolute += 4e-6 * size;  // `saved` is rounded
    const auto dy = run.input("dy", layer.n, layer.out(), layer.dy());
    const auto w = run.dense_input("w", layer.shape.filters, layer.shape.patch(), layer.w());
    const auto dx = run.output<float>(
        "dx", layer.n, layer.in(), [c = *this] { return c.reference(); }, tolerance);
    MatrixView<const float> from;
    if (activation != Activation::identity) from = run.input("saved", layer.n, layer.in(), saved());
    run.operation = [=, c = *this](Context& context) {
      const PrecisionScope scope(context, c.precision);
      if (c.layer.transpose) {
        ELBO_RUN_PLANNED(c.plan, context, conv2d_transpose_backward_input, dx, dy, w, from, c.layer.shape,
                         c.activation);
      } else {
        ELBO_RUN_PLANNED(c.plan, context, conv2d_backward_input, dx, dy, w, from, c.layer.shape,
                         c.activation);
      }
    };
  }
};

struct Conv2dBackwardParamsCase {
  Conv2dLayer layer;
  bool bias = true;
  bool accumulate = false;
  Precision precision = Precision::fp32;
  std::optional<ops::GemmPlan> plan = {};  ///< on CUDA, instead of the chosen plan

  std::string name() const {
    return concat(layer.name(), bias ? "" : "_nobias", accumulate ? "_accumulate" : "",
                  plan ? concat("_", plan->name()) : precision_suffix(precision));
  }
  double flops() const { return layer.flops(); }
  double bytes() const {
    return layer.bytes() +
           (accumulate ? 4.0 * static_cast<double>(layer.shape.filters * layer.shape.patch()) : 0.0);
  }

  std::vector<float> dw_before() const {
    return Random(layer.seed() + 4).normal(layer.shape.filters * layer.shape.patch());
  }
  std::vector<float> db_before() const { return Random(layer.seed() + 5).normal(layer.out_channels()); }
  std::vector<double> dw_reference() const {
    const ops::Conv2dShape& s = layer.shape;
    const auto x = operand(precision, layer.x()), dy = operand(precision, layer.dy());
    std::vector<double> dw(static_cast<std::size_t>(s.filters * s.patch()));
    if (accumulate) dw = widen(dw_before());
    for (std::int64_t i = 0; i < layer.n; ++i) {
      const double* const wide = (layer.transpose ? dy : x).data() + i * s.in();
      const double* const narrow = (layer.transpose ? x : dy).data() + i * s.out();
      for_each_term(
          s, [&](std::int64_t a, std::int64_t b, std::int64_t of_w) { dw[of_w] += wide[a] * narrow[b]; });
    }
    return dw;
  }
  std::vector<double> db_reference() const {
    const auto dy = layer.dy();
    const auto channels = static_cast<std::size_t>(layer.out_channels());
    std::vector<double> db(channels);
    if (accumulate) db = widen(db_before());
    for (std::size_t i = 0; i < dy.size(); ++i) db[i % channels] += dy[i];
    return db;
  }
  void bind(OpRun& run) const {
    const auto sum = [this](double terms) {
      return Tolerance::gemm_sum(precision, terms,
                                 std::max(1.0, 0.2 * std::sqrt(terms)));  // partial sums grow
    };
    const double pixels = static_cast<double>(layer.n * layer.out() / layer.out_channels());
    const std::vector<float> nothing;
    const auto dy = run.input("dy", layer.n, layer.out(), layer.dy());
    const auto x = run.input("x", layer.n, layer.in(), layer.x());
    const auto dw = run.dense_output<float>(
        "dw", layer.shape.filters, layer.shape.patch(), [c = *this] { return c.dw_reference(); },
        sum(layer.positions()), accumulate ? dw_before() : nothing);
    VectorView<float> db;
    if (bias) {
      db = run.output<float>(
          "db", layer.out_channels(), [c = *this] { return c.db_reference(); }, sum(pixels),
          accumulate ? db_before() : nothing);
    }
    run.operation = [=, c = *this](Context& context) {
      const PrecisionScope scope(context, c.precision);
      if (c.layer.transpose) {
        ELBO_RUN_PLANNED(c.plan, context, conv2d_transpose_backward_params, dw, db, dy, x, c.layer.shape,
                         c.accumulate);
      } else {
        ELBO_RUN_PLANNED(c.plan, context, conv2d_backward_params, dw, db, dy, x, c.layer.shape, c.accumulate);
      }
    };
  }
};

/// A picture's convolution, as {height, width, channels, filters, kernel, stride, padding}.
inline std::vector<ops::Conv2dShape> awkward_convolutions() {
  return {{1, 1, 1, 1, 1, 1, 0},     // nothing but a product
          {5, 7, 3, 4, 1, 1, 0},     // 1×1 on a rectangle
          {9, 6, 1, 5, 3, 1, 1},     // one channel
          {8, 8, 4, 17, 3, 2, 1},    // stride 2 on an even size, channels by quads
          {7, 9, 5, 3, 3, 2, 1},     // on odd ones
          {7, 6, 8, 20, 4, 2, 1},    // one row is left over: output_padding 1 of the transpose
          {13, 11, 3, 6, 7, 3, 2},   //
          {2, 3, 4, 5, 5, 1, 2},     // a kernel larger than the picture
          {3, 3, 2, 4, 7, 2, 3},     //
          {6, 5, 2, 3, 2, 3, 0},     // a stride beyond the kernel: pixels that nothing reads
          {4, 4, 12, 1, 3, 1, 1},    // one filter
          {6, 6, 64, 36, 3, 1, 1}};  //
}

/// The convolutions of 28×28 pictures in the recipes: 3×3 to 64 filters, to 128 and 256 with stride 2; as
/// transposes they are a decoder's.
inline std::vector<ops::Conv2dShape> picture_convolutions() {
  return {{28, 28, 1, 64, 3, 1, 1}, {28, 28, 64, 128, 3, 2, 1}, {14, 14, 128, 256, 3, 2, 1}};
}

}  // namespace elbo::test
