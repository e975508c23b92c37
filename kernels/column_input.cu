// The encoder's input from a table's rows: one thread per input; neighbouring threads write neighbouring
// columns.

#include "ops/column_input.h"

#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    column_input_kernel(MatrixView<float> input, MatrixView<const float> x, MatrixView<const float> mask,
                        const std::int32_t* table) {
  const std::int64_t item = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (item >= input.rows * input.cols) return;  // no barrier follows
  const std::int64_t row = item / input.cols, i = item % input.cols;
  const float* const present = mask.data ? mask.data + row * mask.stride : nullptr;
  input.data[row * input.stride + i] = math::input_of(x.data + row * x.stride, present, table + 2 * i);
}

}  // namespace

void column_input(Context& context, MatrixView<float> input, MatrixView<const float> x,
                  MatrixView<const float> mask, VectorView<const std::int32_t> table) {
  launch(context.cuda(), LaunchShape{blocks_for(input.rows * input.cols, kThreads), kThreads},
         column_input_kernel, input, x, mask, table.data);
}

}  // namespace elbo::cuda
