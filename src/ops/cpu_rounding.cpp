#include "ops/cpu_rounding.h"

#include <vector>

#include "math/precision.h"

namespace elbo::ops::cpu {
namespace {

template <class Round>
void round_rows(Context& context, float* to, const MatrixView<const float>& from, const Round& round) {
  constexpr std::int64_t kParallelSize = 1 << 15;
#pragma omp parallel for schedule(static) \
    num_threads(context.threads()) if (from.rows * from.cols >= kParallelSize)
  for (std::int64_t row = 0; row < from.rows; ++row) {
    const float* const values = from.data + row * from.stride;
    float* const copies = to + row * from.cols;
    for (std::int64_t col = 0; col < from.cols; ++col) copies[col] = round(values[col]);
  }
}

/// Grows to the largest operand asked for.
std::vector<float>& memory_of(OperandPlace place) {
  thread_local std::vector<float> memory[2];
  return memory[static_cast<int>(place)];
}

}  // namespace

MatrixView<const float> rounded(Context& context, MatrixView<const float> values, OperandPlace place) {
  if (context.precision() == Precision::fp32 || values.empty()) return values;
  std::vector<float>& memory = memory_of(place);
  const auto size = static_cast<std::size_t>(values.rows * values.cols);
  if (memory.size() < size) memory.resize(size);
  if (context.precision() == Precision::tf32) {
    round_rows(context, memory.data(), values, [](float value) { return math::round_to_tf32(value); });
  } else {
    round_rows(context, memory.data(), values, [](float value) { return math::round_to_bf16(value); });
  }
  return {memory.data(), values.rows, values.cols};
}

}  // namespace elbo::ops::cpu
