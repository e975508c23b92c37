#include "ops/conv2d.h"

#include <initializer_list>
#include <limits>

#include "base/check.h"
#include "ops/cpu_conv2d.h"
#include "ops/cpu_rounding.h"
#include "ops/kernels.h"
#include "ops/shapes.h"

namespace elbo::ops {
namespace {

using cpu::OperandPlace;
using cpu::PixelEpilogue;

std::string describe(const Conv2dShape& s) {
  return concat(s.height, "x", s.width, "x", s.channels, " -> ", s.filters, ", kernel ", s.kernel,
                ", stride ", s.stride, ", padding ", s.padding);
}

/// "256x28x28x1 -> 64, k3 s1 p1"
std::string describe_briefly(std::int64_t n, const Conv2dShape& s) {
  return concat(n, "x", s.height, "x", s.width, "x", s.channels, " -> ", s.filters, ", k", s.kernel, " s",
                s.stride, " p", s.padding);
}

void check_convolution(const char* op, const Conv2dShape& shape) {
  ELBO_CHECK(shape.valid(), ShapeError, op, ": no convolution is ", describe(shape));
}

void check_weights(const char* op, const char* name, const MatrixView<const float>& w,
                   const Conv2dShape& shape) {
  check_convolution(op, shape);
  check_matrix(op, name, w, shape.filters, shape.patch());
  check_contiguous(op, name, w);
}

/// Checks a forward pass from x to y, whose pixels have one channel per value of b.
void check_forward(const char* op, const MatrixView<float>& y, const MatrixView<float>& saved,
                   const MatrixView<const float>& x, const VectorView<const float>& b, std::int64_t in,
                   std::int64_t out, std::int64_t channels) {
  check_matrix(op, "x", x, x.rows, in);
  check_matrix(op, "y", y, x.rows, out);
  if (!saved.empty()) check_matrix(op, "saved", saved, x.rows, out);
  check_optional_size(op, "b", b, channels);
}

void check_backward_input(const char* op, const MatrixView<float>& dx, const MatrixView<const float>& dy,
                          const MatrixView<const float>& saved, std::int64_t in, std::int64_t out,
                          Activation activation) {
  check_matrix(op, "dy", dy, dy.rows, out);
  check_matrix(op, "dx", dx, dy.rows, in);
  check_saved(op, saved, dy.rows, in, activation);
}

void check_backward_params(const char* op, const MatrixView<float>& dw, const VectorView<float>& db,
                           const MatrixView<const float>& dy, const MatrixView<const float>& x,
                           const Conv2dShape& shape, std::int64_t in, std::int64_t out,
                           std::int64_t channels) {
  check_weights(op, "dw", dw, shape);
  check_matrix(op, "dy", dy, dy.rows, out);
  check_matrix(op, "x", x, dy.rows, in);
  check_optional_size(op, "db", db, channels);
}

/// A GPU's kernels count in 32 bits.
void check_counts(const Context& context, const char* op, const Conv2dShape& shape,
                  std::initializer_list<MatrixView<const float>> matrices) {
  if (!context.is_cuda()) return;
  for (const MatrixView<const float>& matrix : matrices) {
    ELBO_CHECK(matrix.rows <= std::numeric_limits<std::int32_t>::max() / matrix.stride, ShapeError, op, ": ",
               matrix.rows, " rows ", matrix.stride, " values apart are too many for a GPU at once, for ",
               describe(shape));
  }
}

/// The call of one of a layer's products, which reads or writes `more_values` floats besides its three
/// matrices.
OpCall conv2d_call(const Context& context, const char* op, std::int64_t n, const Conv2dShape& shape,
                   std::int64_t more_values) {
  OpCall call = gemm_call(context, op, describe_briefly(n, shape), n * shape.out_height() * shape.out_width(),
                          shape.patch(), shape.filters, 0);
  call.bytes =
      4.0 * static_cast<double>(n * (shape.in() + shape.out()) + shape.filters * shape.patch() + more_values);
  return call;
}

}  // namespace

void conv2d_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<const float> x,
                    MatrixView<const float> w, VectorView<const float> b, const Conv2dShape& shape,
                    Activation activation) {
  constexpr const char* kOp = "conv2d_forward";
  check_weights(kOp, "w", w, shape);
  check_forward(kOp, y, saved, x, b, shape.in(), shape.out(), shape.filters);
  check_counts(context, kOp, shape, {x, y, w});
  if (x.rows == 0) return;
  const TracedOp traced(
      context, [&] { return conv2d_call(context, kOp, x.rows, shape, b.size + saved.rows * saved.cols); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] { cuda::conv2d_forward(context, y, saved, x, w, b, shape, activation); });
  }
  cpu::convolve(context, y, cpu::rounded(context, x, OperandPlace::first),
                cpu::rounded(context, w, OperandPlace::second), shape,
                {.kind = PixelEpilogue::Kind::activation,
                 .activation = activation,
                 .bias = b,
                 .pre_activation = saved});
}

void conv2d_transpose_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                              MatrixView<const float> x, MatrixView<const float> w, VectorView<const float> b,
                              const Conv2dShape& shape, Activation activation) {
  constexpr const char* kOp = "conv2d_transpose_forward";
  check_weights(kOp, "w", w, shape);
  check_forward(kOp, y, saved, x, b, shape.out(), shape.in(), shape.channels);
  check_counts(context, kOp, shape, {x, y, w});
  if (x.rows == 0) return;
  const TracedOp traced(
      context, [&] { return conv2d_call(context, kOp, x.rows, shape, b.size + saved.rows * saved.cols); });
  if (context.is_cuda()) {
    return run_on_cuda(
        context, [&] { cuda::conv2d_transpose_forward(context, y, saved, x, w, b, shape, activation); });
  }
  cpu::convolve_transposed(context, y, cpu::rounded(context, x, OperandPlace::first),
                           cpu::rounded(context, w, OperandPlace::second), shape,
                           {.kind = PixelEpilogue::Kind::activation,
                            .activation = activation,
                            .bias = b,
                            .pre_activation = saved});
}

void conv2d_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                           MatrixView<const float> w, MatrixView<const float> saved, const Conv2dShape& shape,
                           Activation activation) {
  constexpr const char* kOp = "conv2d_backward_input";
  check_weights(kOp, "w", w, shape);
  check_backward_input(kOp, dx, dy, saved, shape.in(), shape.out(), activation);
  check_counts(context, kOp, shape, {dy, dx, w});
  if (dy.rows == 0) return;
  const TracedOp traced(context,
                        [&] { return conv2d_call(context, kOp, dy.rows, shape, saved.rows * saved.cols); });
  if (context.is_cuda()) {
    return run_on_cuda(context,
                       [&] { cuda::conv2d_backward_input(context, dx, dy, w, saved, shape, activation); });
  }
  cpu::convolve_transposed(
      context, dx, cpu::rounded(context, dy, OperandPlace::first),
      cpu::rounded(context, w, OperandPlace::second), shape,
      {.kind = PixelEpilogue::Kind::derivative, .activation = activation, .derivative_of = saved});
}

void conv2d_transpose_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                                     MatrixView<const float> w, MatrixView<const float> saved,
                                     const Conv2dShape& shape, Activation activation) {
  constexpr const char* kOp = "conv2d_transpose_backward_input";
  check_weights(kOp, "w", w, shape);
  check_backward_input(kOp, dx, dy, saved, shape.out(), shape.in(), activation);
  check_counts(context, kOp, shape, {dy, dx, w});
  if (dy.rows == 0) return;
  const TracedOp traced(context,
                        [&] { return conv2d_call(context, kOp, dy.rows, shape, saved.rows * saved.cols); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::conv2d_transpose_backward_input(context, dx, dy, w, saved, shape, activation);
    });
  }
  cpu::convolve(context, dx, cpu::rounded(context, dy, OperandPlace::first),
                cpu::rounded(context, w, OperandPlace::second), shape,
                {.kind = PixelEpilogue::Kind::derivative, .activation = activation, .derivative_of = saved});
}

void conv2d_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                            MatrixView<const float> dy, MatrixView<const float> x, const Conv2dShape& shape,
                            bool accumulate) {
  constexpr const char* kOp = "conv2d_backward_params";
  check_backward_params(kOp, dw, db, dy, x, shape, shape.in(), shape.out(), shape.filters);
  check_counts(context, kOp, shape, {dy, x, dw});
  const TracedOp traced(context, [&] {
    return conv2d_call(context, kOp, dy.rows, shape, db.size + (accumulate ? dw.rows * dw.cols : 0));
  });
  if (context.is_cuda()) {
    return run_on_cuda(context,
                       [&] { cuda::conv2d_backward_params(context, dw, db, dy, x, shape, accumulate); });
  }
  cpu::correlate(context, dw, cpu::rounded(context, dy, OperandPlace::first),
                 cpu::rounded(context, x, OperandPlace::second), shape, accumulate);
  if (!db.empty()) cpu::channel_sums(context, db, dy, accumulate);
}

void conv2d_transpose_backward_params(Context& context, MatrixView<float> dw, VectorView<float> db,
                                      MatrixView<const float> dy, MatrixView<const float> x,
                                      const Conv2dShape& shape, bool accumulate) {
  constexpr const char* kOp = "conv2d_transpose_backward_params";
  check_backward_params(kOp, dw, db, dy, x, shape, shape.out(), shape.in(), shape.channels);
  check_counts(context, kOp, shape, {dy, x, dw});
  const TracedOp traced(context, [&] {
    return conv2d_call(context, kOp, dy.rows, shape, db.size + (accumulate ? dw.rows * dw.cols : 0));
  });
  if (context.is_cuda()) {
    return run_on_cuda(
        context, [&] { cuda::conv2d_transpose_backward_params(context, dw, db, dy, x, shape, accumulate); });
  }
  cpu::correlate(context, dw, cpu::rounded(context, x, OperandPlace::first),
                 cpu::rounded(context, dy, OperandPlace::second), shape, accumulate);
  if (!db.empty()) cpu::channel_sums(context, db, dy, accumulate);
}

}  // namespace elbo::ops
