#include "ops/norm.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/norm.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "ops/kernels.h"
#include "ops/norm_checks.h"
#include "ops/norm_lanes.h"
#include "ops/norm_rows.h"
#include "ops/simd.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

/// of_groups [G] = Σ term(access, x, mean) over a group's values; `mean` points to the means of the values'
/// groups, or is null if they are not known yet.
template <class Term>
HWY_INLINE void sum_groups(float* of_groups, const NormRow& row, const float* mean, const Term& term) {
  std::fill_n(of_groups, row.channels / row.per_group, 0.0f);
  TileRoom mean_room, sums;
  for_each_tile(row.channels, [&](const ChannelTile& tile) {
    const float* const mean_of = mean ? spread(mean, row.per_group, tile, mean_room) : nullptr;
    std::fill_n(sums, tile.width, 0.0f);
    add_positions<1>({sums}, row.positions, tile.width,
                     [&](auto access, std::int64_t p, std::int64_t j, Floats(&added)[1]) {
                       const float* const x = row.x + p * row.channels + tile.first + j;
                       added[0] = term(access, access.load(x), mean_of ? mean_of + j : nullptr);
                     });
    add_to_groups(of_groups, row.per_group, tile, sums);
  });
}

/// Computes an example's mean and rstd [G], which are the row's, and y.
void forward_row(const NormForwardRow& row, float* mean, float* rstd, float epsilon) {
  const std::int64_t groups = row.of.channels / row.of.per_group;
  const auto count = static_cast<float>(row.of.positions * row.of.per_group);
  sum_groups(mean, row.of, nullptr, [](auto, Floats x, const float*) { return x; });
  for (std::int64_t g = 0; g < groups; ++g) mean[g] /= count;
  sum_groups(rstd, row.of, mean, [](auto access, Floats x, const float* at) {
    const Floats apart = x - access.load(at);
    return apart * apart;
  });
  for (std::int64_t g = 0; g < groups; ++g) {
    rstd[g] = math::rstd_of(static_cast<double>(rstd[g] / count), epsilon);
  }
  normalize_row(row);
}

/// Computes an example's dx; `sums` has room for 2 G floats.
void backward_row(const NormBackwardRow& row, float* sums) {
  const std::int64_t groups = row.of.channels / row.of.per_group;
  std::fill_n(sums, 2 * groups, 0.0f);
  float* const of_g = sums;
  float* const of_product = sums + groups;
  TileRoom mean_room, rstd_room, g_room, product_room;
  for_each_tile(row.of.channels, [&](const ChannelTile& tile) {
    const float* const mean = spread(row.of.mean, row.of.per_group, tile, mean_room);
    const float* const rstd = spread(row.of.rstd, row.of.per_group, tile, rstd_room);
    std::fill_n(g_room, tile.width, 0.0f);
    std::fill_n(product_room, tile.width, 0.0f);
    add_positions<2>({g_room, product_room}, row.of.positions, tile.width,
                     [&](auto access, std::int64_t p, std::int64_t j, Floats(&added)[2]) {
                       const std::int64_t at = p * row.of.channels + tile.first + j;
                       const Floats g = access.load(row.of.gamma + tile.first + j) * access.load(row.dy + at);
                       added[0] = g;
                       added[1] = g * formulas::normalized(access.load(row.of.x + at), access.load(mean + j),
                                                           access.load(rstd + j));
                     });
    add_to_groups(of_g, row.of.per_group, tile, g_room);
    add_to_groups(of_product, row.of.per_group, tile, product_room);
  });
  const auto count = static_cast<float>(row.of.positions * row.of.per_group);
  for (std::int64_t i = 0; i < 2 * groups; ++i) sums[i] /= count;
  gradient_row(row, [&](const ChannelTile& tile, const float*& mean_g, const float*& mean_product) {
    mean_g = spread(of_g, row.of.per_group, tile, g_room);
    mean_product = spread(of_product, row.of.per_group, tile, product_room);
  });
}

void parameter_part(const NormPart& part) {
  std::fill_n(part.dgamma, part.channels, 0.0f);
  std::fill_n(part.dbeta, part.channels, 0.0f);
  const std::int64_t per_group = part.channels / part.mean.cols;
  TileRoom mean_room, rstd_room;
  for_each_segment(
      part.begin, part.end, part.positions, [&](std::int64_t i, std::int64_t first, std::int64_t count) {
        const float* const dy = part.dy.row(i) + first * part.channels;
        const float* const x = part.x.row(i) + first * part.channels;
        const std::int64_t of = part.mean.rows == 1 ? 0 : i;
        for_each_tile(part.channels, [&](const ChannelTile& tile) {
          const float* const mean = spread(part.mean.row(of), per_group, tile, mean_room);
          const float* const rstd = spread(part.rstd.row(of), per_group, tile, rstd_room);
          add_positions<2>({part.dgamma + tile.first, part.dbeta + tile.first}, count, tile.width,
                           [&](auto access, std::int64_t p, std::int64_t j, Floats(&added)[2]) {
                             const std::int64_t at = p * part.channels + tile.first + j;
                             const Floats gradient = access.load(dy + at);
                             added[0] =
                                 gradient * formulas::normalized(access.load(x + at), access.load(mean + j),
                                                                 access.load(rstd + j));
                             added[1] = gradient;
                           });
        });
      });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(forward_row);
HWY_EXPORT(backward_row);
HWY_EXPORT(parameter_part);

constexpr std::int64_t kParallelSize = 1 << 12;

/// `limit` is the number of groups that a row's pass has memory for.
void check_groups(const char* op, const MatrixView<const float>& mean, const MatrixView<const float>& rstd,
                  const NormShape& shape, std::int64_t limit = kNormGroups) {
  ELBO_CHECK(mean.cols > 0 && shape.channels % mean.cols == 0 && mean.cols <= limit, ShapeError, op,
             " was asked for ", mean.cols, " groups of ", shape.channels, " channels");
  check_shape(op, "mean", mean, mean.rows, mean.cols);
  check_shape(op, "rstd", rstd, mean.rows, mean.cols);
}

}  // namespace

void norm_forward(Context& context, MatrixView<float> y, MatrixView<float> saved, MatrixView<float> mean,
                  MatrixView<float> rstd, MatrixView<const float> x, VectorView<const float> gamma,
                  VectorView<const float> beta, float epsilon, Activation activation) {
  constexpr const char* kOp = "norm_forward";
  const NormShape shape = norm_shape(kOp, x, gamma);
  check_size(kOp, "beta", beta, shape.channels);
  check_output(kOp, y, saved, x);
  check_groups(kOp, mean, rstd, shape);
  check_shape(kOp, "mean", mean, x.rows, mean.cols);
  ELBO_CHECK(epsilon > 0.0f, ShapeError, kOp, " was given ε = ", epsilon);
  if (x.rows == 0) return;
  const TracedOp traced(context, [&] { return shape.call(kOp, saved.empty() ? 2 : 3); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::norm_forward(context, y, saved, mean, rstd, x, gamma, beta, epsilon, activation);
    });
  }
  const std::int64_t per_group = shape.channels / mean.cols;
  parallel_for(context.team(), x.rows, x.rows * x.cols >= kParallelSize, [&](std::int64_t i) {
    const NormRow row = {shape.positions, shape.channels, per_group, x.row(i),
                         mean.row(i),     rstd.row(i),    gamma.data};
    HWY_DYNAMIC_DISPATCH(forward_row)
    ({row, y.row(i), saved.row(i), beta.data, activation}, mean.row(i), rstd.row(i), epsilon);
  });
}

void norm_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                         MatrixView<const float> x, MatrixView<const float> mean,
                         MatrixView<const float> rstd, VectorView<const float> gamma,
                         MatrixView<const float> saved, Activation activation, bool accumulate) {
  constexpr const char* kOp = "norm_backward_input";
  const NormShape shape = norm_shape(kOp, x, gamma);
  check_shape(kOp, "dy", dy, x.rows, x.cols);
  check_shape(kOp, "dx", dx, x.rows, x.cols);
  check_saved(kOp, saved, x.rows, x.cols, activation);
  check_groups(kOp, mean, rstd, shape);
  check_shape(kOp, "mean", mean, x.rows, mean.cols);
  if (x.rows == 0) return;
  const TracedOp traced(context, [&] { return shape.call(kOp, 3 + (saved.empty() ? 0 : 1) + accumulate); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::norm_backward_input(context, dx, dy, x, mean, rstd, gamma, saved, activation, accumulate);
    });
  }
  const std::int64_t per_group = shape.channels / mean.cols;
  parallel_for(context.team(), x.rows, x.rows * x.cols >= kParallelSize, [&](std::int64_t i, int thread) {
    const NormRow row = {shape.positions, shape.channels, per_group, x.row(i),
                         mean.row(i),     rstd.row(i),    gamma.data};
    HWY_DYNAMIC_DISPATCH(backward_row)
    ({row, dx.row(i), dy.row(i), saved.row(i), activation, accumulate},
     static_cast<float*>(context.scratch(thread)));
  });
}

void norm_backward_params(Context& context, VectorView<float> dgamma, VectorView<float> dbeta,
                          VectorView<float> scratch, MatrixView<const float> dy, MatrixView<const float> x,
                          MatrixView<const float> mean, MatrixView<const float> rstd, bool accumulate) {
  constexpr const char* kOp = "norm_backward_params";
  const NormShape shape = norm_shape(kOp, x, VectorView<const float>(dgamma));
  check_size(kOp, "dbeta", dbeta, shape.channels);
  check_scratch(kOp, scratch, shape);
  check_shape(kOp, "dy", dy, x.rows, x.cols);
  check_groups(kOp, mean, rstd, shape, shape.channels);
  check_shape(kOp, "mean", mean, mean.rows == 1 ? 1 : x.rows, mean.cols);
  const TracedOp traced(context, [&] { return shape.call(kOp, 2); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::norm_backward_params(context, dgamma, dbeta, scratch, dy, x, mean, rstd, accumulate);
    });
  }
  const std::int64_t channels = shape.channels, all = x.rows * shape.positions;
  const std::int64_t parts = math::norm_parts(all);
  parallel_for(context.team(), parts, x.rows * x.cols >= kParallelSize, [&](std::int64_t k) {
    float* const sums = scratch.data + 2 * k * channels;
    HWY_DYNAMIC_DISPATCH(parameter_part)
    ({sums, sums + channels, dy, x, mean, rstd, channels, shape.positions,
      math::norm_part_begin(all, k, parts), math::norm_part_begin(all, k + 1, parts)});
  });
  for (const auto& [to, first] : {std::pair(dgamma, std::int64_t{0}), std::pair(dbeta, channels)}) {
    add_parts(
        channels, parts,
        [&, from = scratch.data + first](std::int64_t k, std::int64_t c) {
          return static_cast<double>(from[2 * k * channels + c]);
        },
        [&, out = to.data](std::int64_t begin, std::int64_t count, const double* sums) {
          for (std::int64_t c = 0; c < count; ++c) {
            const auto sum = static_cast<float>(sums[c]);
            out[begin + c] = accumulate ? out[begin + c] + sum : sum;
          }
        });
  }
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
