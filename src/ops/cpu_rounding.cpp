#include "ops/cpu_rounding.h"

#include "math/precision.h"

namespace elbo::ops::cpu {
namespace {

template <class Round>
void round_rows(Context& context, float* to, const MatrixView<const float>& from, const Round& round) {
  constexpr std::int64_t kParallelSize = 1 << 15;
  parallel_for(context.team(), from.rows, from.rows * from.cols >= kParallelSize, [&](std::int64_t row) {
    const float* const values = from.row(row);
    float* const copies = to + row * from.cols;
    for (std::int64_t col = 0; col < from.cols; ++col) copies[col] = round(values[col]);
  });
}

float* memory_for(Context& context, OperandPlace place, std::int64_t values) {
  return static_cast<float*>(
      context.operand_memory(static_cast<int>(place), sizeof(float) * static_cast<std::size_t>(values)));
}

}  // namespace

MatrixView<const float> rounded(Context& context, MatrixView<const float> values, OperandPlace place) {
  if (context.precision() == Precision::fp32 || values.empty()) return values;
  float* const memory = memory_for(context, place, values.rows * values.cols);
  if (context.precision() == Precision::tf32) {
    round_rows(context, memory, values, [](float value) { return math::round_to_tf32(value); });
  } else {
    round_rows(context, memory, values, [](float value) { return math::round_to_bf16(value); });
  }
  return {memory, values.rows, values.cols};
}

std::size_t operand_bytes(Precision precision, std::int64_t values) {
  return precision == Precision::fp32 ? 0 : 2 * sizeof(float) * static_cast<std::size_t>(values);
}

void reserve_operands(Context& context, Precision precision, std::int64_t values) {
  if (context.is_cuda() || precision == Precision::fp32) return;
  for (const OperandPlace place : {OperandPlace::first, OperandPlace::second})
    memory_for(context, place, values);
}

}  // namespace elbo::ops::cpu
