// Adds a matrix to another: four values per thread.

#include "ops/add.h"

#include "gradient.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 128;

struct AddArguments {
  GradientTarget y;
  MatrixView<const float> x;
};

__global__ void __launch_bounds__(kThreads) add_kernel(AddArguments a) {
  const std::int64_t quads = (a.x.cols + 3) / 4;
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= a.x.rows * quads) return;  // no barrier follows
  const std::int64_t row = item / quads, j = 4 * (item % quads), count = a.x.cols - j;
  a.y.write(row, j, load4(a.x.data + row * a.x.stride + j, count, a.y.aligned), count);
}

}  // namespace

void add(Context& context, MatrixView<float> y, MatrixView<const float> x, MatrixView<const float> saved,
         Activation activation, bool accumulate) {
  const bool aligned = rows_aligned16(y.data, y.stride) && rows_aligned16(x.data, x.stride) &&
                       (saved.empty() || rows_aligned16(saved.data, saved.stride));
  const std::int64_t items = x.rows * ((x.cols + 3) / 4);
  launch(context.cuda(), LaunchShape{blocks_for(items, kThreads), kThreads}, add_kernel,
         AddArguments{{y, saved, activation, accumulate, aligned}, x});
}

}  // namespace elbo::cuda
