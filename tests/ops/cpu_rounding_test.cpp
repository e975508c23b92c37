// The memory for products in tf32 and bf16 on the CPU.

#include "ops/cpu_rounding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "ops/linear.h"
#include "runtime/buffer.h"

namespace elbo::test {
namespace {

/// A layer's three products.
void run_gemms(Context& context, std::int64_t rows, std::int64_t in, std::int64_t out) {
  Buffer<float> x(context, rows * in), w(context, in * out), y(context, rows * out);
  for (Buffer<float>* buffer : {&x, &w, &y}) buffer->fill_zero();
  ops::linear_forward(context, y.matrix(rows, out), {}, x.matrix(rows, in), w.matrix(out, in), {},
                      Activation::identity);
  ops::linear_backward_input(context, x.matrix(rows, in), y.matrix(rows, out), w.matrix(out, in), {},
                             Activation::identity);
  ops::linear_backward_params(context, w.matrix(out, in), {}, y.matrix(rows, out), x.matrix(rows, in), false);
}

/// The operands' memory; a place that grows moves.
std::array<void*, 2> places(Context& context) {
  return {context.operand_memory(0, 0), context.operand_memory(1, 0)};
}

TEST(ReservedOperands, AreAllThatALayersGemmsTake) {
  for (const auto& [rows, in, out] : {std::array<std::int64_t, 3>{7, 300, 20}, {7, 20, 300}, {90, 21, 20}}) {
    SCOPED_TRACE(testing::Message() << rows << " x " << in << " -> " << out);
    Context context(Device::cpu());
    ops::cpu::reserve_operands(context, Precision::bf16, std::max({rows * in, in * out, rows * out}));
    const auto reserved = places(context);
    const PrecisionScope scope(context, Precision::bf16);
    run_gemms(context, rows, in, out);
    EXPECT_EQ(places(context), reserved);
    run_gemms(context, 4 * rows, 4 * in, 4 * out);
    EXPECT_NE(places(context)[0], reserved[0]) << "more is allocated if needed";
    EXPECT_NE(places(context)[1], reserved[1]);
  }
}

TEST(ReservedOperands, AreNoneInFullPrecision) {
  Context context(Device::cpu());
  ops::cpu::reserve_operands(context, Precision::fp32, 600);
  run_gemms(context, 7, 30, 20);
  EXPECT_EQ(places(context), (std::array<void*, 2>{}));
}

}  // namespace
}  // namespace elbo::test
