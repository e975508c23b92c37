#include "ops/batch_norm.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/batch_norm.cpp"
#include "ops/foreach_target.h"
// foreach_target.h must come before the other headers.
#include "ops/kernels.h"
#include "ops/norm_checks.h"
#include "ops/norm_lanes.h"
#include "ops/norm_rows.h"
#include "ops/simd.h"

#ifndef ELBO_OPS_BATCH_NORM_PART
#define ELBO_OPS_BATCH_NORM_PART
namespace elbo::ops {

/// Means, and sums of squared differences from them, of C channels over positions [begin, end) of a batch.
struct MomentPart {
  float* mean;
  float* squares;
  MatrixView<const float> x;
  std::int64_t channels, positions, begin, end;
};

/// An example's dx, from the batch's sums and their number of positions.
struct BatchNormGradient {
  NormBackwardRow row;
  const float* dgamma;  ///< null: none
  const float* dbeta;
  float count;
};

}  // namespace elbo::ops
#endif

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {
namespace {

namespace formulas = math::HWY_NAMESPACE;
using formulas::Floats;

/// sums [C] = Σ term(access, x, c) over the part's positions.
template <class Term>
HWY_INLINE void sum_part(float* sums, const MomentPart& part, const Term& term) {
  std::fill_n(sums, part.channels, 0.0f);
  for_each_segment(part.begin, part.end, part.positions,
                   [&](std::int64_t i, std::int64_t first, std::int64_t count) {
                     const float* const x = part.x.row(i) + first * part.channels;
                     for_each_tile(part.channels, [&](const ChannelTile& tile) {
                       add_positions<1>({sums + tile.first}, count, tile.width,
                                        [&](auto access, std::int64_t p, std::int64_t j, Floats(&added)[1]) {
                                          const std::int64_t c = tile.first + j;
                                          added[0] = term(access, access.load(x + p * part.channels + c), c);
                                        });
                     });
                   });
}

void moment_part(const MomentPart& part) {
  sum_part(part.mean, part, [](auto, Floats x, std::int64_t) { return x; });
  const auto count = static_cast<float>(part.end - part.begin);
  for (std::int64_t c = 0; c < part.channels; ++c) part.mean[c] /= count;
  sum_part(part.squares, part, [&](auto access, Floats x, std::int64_t c) {
    const Floats apart = x - access.load(part.mean + c);
    return apart * apart;
  });
}

void batch_forward_row(const NormForwardRow& row) {
  normalize_row(row);
}

void batch_backward_row(const BatchNormGradient& gradient) {
  TileRoom g_room, product_room;
  gradient_row(gradient.row, [&](const ChannelTile& tile, const float*& mean_g, const float*& mean_product) {
    for (std::int64_t j = 0; j < tile.width; ++j) {
      const std::int64_t c = tile.first + j;
      const float scale = gradient.dgamma ? gradient.row.of.gamma[c] / gradient.count : 0.0f;
      g_room[j] = gradient.dgamma ? scale * gradient.dbeta[c] : 0.0f;
      product_room[j] = gradient.dgamma ? scale * gradient.dgamma[c] : 0.0f;
    }
    mean_g = g_room;
    mean_product = product_room;
  });
}

}  // namespace
}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace elbo::ops {
namespace {

HWY_EXPORT(moment_part);
HWY_EXPORT(batch_forward_row);
HWY_EXPORT(batch_backward_row);

constexpr std::int64_t kParallelSize = 1 << 12;

/// Calls use(c, moments) for every channel, with the moments of its parts combined.
template <class Use>
void join_parts(VectorView<const float> scratch, std::int64_t channels, std::int64_t all, const Use& use) {
  const std::int64_t parts = math::norm_parts(all);
  const auto count = [=](std::int64_t k) {
    return static_cast<double>(math::norm_part_begin(all, k + 1, parts) -
                               math::norm_part_begin(all, k, parts));
  };
  const auto part_mean = [=](std::int64_t k, std::int64_t c) {
    return static_cast<double>(scratch.data[2 * k * channels + c]);
  };
  add_parts(
      channels, parts, [=](std::int64_t k, std::int64_t c) { return count(k) * part_mean(k, c); },
      [&](std::int64_t first, std::int64_t size, const double* sums) {
        for (std::int64_t c = first; c < first + size; ++c) {
          math::Moments moments = {static_cast<double>(all), sums[c - first] / static_cast<double>(all), 0.0};
          for (std::int64_t k = 0; k < parts; ++k) {
            const double apart = part_mean(k, c) - moments.mean;
            moments.squares +=
                static_cast<double>(scratch.data[(2 * k + 1) * channels + c]) + count(k) * apart * apart;
          }
          use(c, moments);
        }
      });
}

NormRow row_of(const NormShape& shape, const MatrixView<const float>& x, std::int64_t i,
               const VectorView<const float>& mean, const VectorView<const float>& rstd,
               const VectorView<const float>& gamma) {
  return {shape.positions, shape.channels, 1, x.row(i), mean.data, rstd.data, gamma.data};
}

}  // namespace

void batch_norm_statistics(Context& context, VectorView<float> mean, VectorView<float> rstd,
                           const RunningStatistics& running, VectorView<float> scratch,
                           MatrixView<const float> x, float epsilon, float momentum) {
  constexpr const char* kOp = "batch_norm_statistics";
  const NormShape shape = norm_shape(kOp, x, VectorView<const float>(mean));
  check_size(kOp, "rstd", rstd, shape.channels);
  check_size(kOp, "running.mean", running.mean, shape.channels);
  check_size(kOp, "running.variance", running.variance, shape.channels);
  check_scratch(kOp, scratch, shape);
  const std::int64_t all = shape.rows * shape.positions;
  ELBO_CHECK(all > 1, ShapeError, kOp, " was given ", all, " values a channel, which have no variance");
  ELBO_CHECK(epsilon > 0.0f && momentum >= 0.0f && momentum <= 1.0f, ShapeError, kOp,
             " was given ε = ", epsilon, " and a momentum of ", momentum);
  const TracedOp traced(context, [&] { return shape.call(kOp, 1); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::batch_norm_statistics(context, mean, rstd, running, scratch, x, epsilon, momentum);
    });
  }
  const std::int64_t channels = shape.channels, parts = math::norm_parts(all);
  parallel_for(context.team(), parts, x.rows * x.cols >= kParallelSize, [&](std::int64_t k) {
    float* const sums = scratch.data + 2 * k * channels;
    HWY_DYNAMIC_DISPATCH(moment_part)
    ({sums, sums + channels, x, channels, shape.positions, math::norm_part_begin(all, k, parts),
      math::norm_part_begin(all, k + 1, parts)});
  });
  join_parts(scratch, channels, all, [&](std::int64_t c, const math::Moments& moments) {
    mean.data[c] = static_cast<float>(moments.mean);
    rstd.data[c] = math::rstd_of(moments.squares / moments.count, epsilon);
    math::move_running(running.mean.data[c], running.variance.data[c], moments, momentum);
  });
}

void batch_norm_running(Context& context, VectorView<float> mean, VectorView<float> rstd,
                        VectorView<const float> running_mean, VectorView<const float> running_variance,
                        float epsilon) {
  constexpr const char* kOp = "batch_norm_running";
  check_size(kOp, "rstd", rstd, mean.size);
  check_size(kOp, "running_mean", running_mean, mean.size);
  check_size(kOp, "running_variance", running_variance, mean.size);
  ELBO_CHECK(mean.size > 0 && epsilon > 0.0f, ShapeError, kOp, " was given ", mean.size,
             " channels and ε = ", epsilon);
  const TracedOp traced(
      context, [&] { return plain_call(kOp, concat(mean.size), 16.0 * static_cast<double>(mean.size)); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::batch_norm_running(context, mean, rstd, running_mean, running_variance, epsilon);
    });
  }
  for (std::int64_t c = 0; c < mean.size; ++c) {
    mean.data[c] = running_mean.data[c];
    rstd.data[c] = math::rstd_of(static_cast<double>(running_variance.data[c]), epsilon);
  }
}

void batch_norm_forward(Context& context, MatrixView<float> y, MatrixView<float> saved,
                        MatrixView<const float> x, VectorView<const float> mean, VectorView<const float> rstd,
                        VectorView<const float> gamma, VectorView<const float> beta, Activation activation) {
  constexpr const char* kOp = "batch_norm_forward";
  const NormShape shape = norm_shape(kOp, x, gamma);
  check_size(kOp, "beta", beta, shape.channels);
  check_size(kOp, "mean", mean, shape.channels);
  check_size(kOp, "rstd", rstd, shape.channels);
  check_output(kOp, y, saved, x);
  if (x.rows == 0) return;
  const TracedOp traced(context, [&] { return shape.call(kOp, saved.empty() ? 2 : 3); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::batch_norm_forward(context, y, saved, x, mean, rstd, gamma, beta, activation);
    });
  }
  parallel_for(context.team(), x.rows, x.rows * x.cols >= kParallelSize, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(batch_forward_row)
    ({row_of(shape, x, i, mean, rstd, gamma), y.row(i), saved.row(i), beta.data, activation});
  });
}

void batch_norm_backward_input(Context& context, MatrixView<float> dx, MatrixView<const float> dy,
                               MatrixView<const float> x, VectorView<const float> mean,
                               VectorView<const float> rstd, VectorView<const float> gamma,
                               VectorView<const float> dgamma, VectorView<const float> dbeta,
                               MatrixView<const float> saved, Activation activation, bool accumulate) {
  constexpr const char* kOp = "batch_norm_backward_input";
  const NormShape shape = norm_shape(kOp, x, gamma);
  check_size(kOp, "mean", mean, shape.channels);
  check_size(kOp, "rstd", rstd, shape.channels);
  check_optional_size(kOp, "dgamma", dgamma, shape.channels);
  check_size(kOp, "dbeta", dbeta, dgamma.size);
  check_shape(kOp, "dy", dy, x.rows, x.cols);
  check_shape(kOp, "dx", dx, x.rows, x.cols);
  check_saved(kOp, saved, x.rows, x.cols, activation);
  if (x.rows == 0) return;
  const TracedOp traced(context, [&] { return shape.call(kOp, 3 + (saved.empty() ? 0 : 1) + accumulate); });
  if (context.is_cuda()) {
    return run_on_cuda(context, [&] {
      cuda::batch_norm_backward_input(context, dx, dy, x, mean, rstd, gamma, dgamma, dbeta, saved, activation,
                                      accumulate);
    });
  }
  parallel_for(context.team(), x.rows, x.rows * x.cols >= kParallelSize, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(batch_backward_row)
    ({{row_of(shape, x, i, mean, rstd, gamma), dx.row(i), dy.row(i), saved.row(i), activation, accumulate},
      dgamma.data,
      dbeta.data,
      static_cast<float>(shape.rows * shape.positions)});
  });
}

}  // namespace elbo::ops
#endif  // HWY_ONCE
