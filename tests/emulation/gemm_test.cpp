// Parts of products that no op uses alone: the replacements of tensor cores and asynchronous copies,
// epilogues that sum rows, sums of an operand.

#include "emulation/gemm.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <utility>

#include "elbo/error.h"
#include "emulation/says.h"
#include "math/precision.h"
#include "ops/linear.h"
#include "runtime/branch.h"
#include "runtime/buffer.h"
#include "runtime/cuda_capture.h"
#include "runtime/graph.h"
#include "support/random.h"
#include "support/tolerance.h"

namespace elbo::test {
namespace {

using ops::GemmEngine;
using ops::GemmPlan;

class Gemms : public testing::Test {
 protected:
  Context context{Device::cuda(0)};

  /// The report of sum_copied(), and its sums if it reports nothing.
  std::string sum_report(Missing missing, std::vector<float>& sums) {
    Buffer<float> x(context, Random(1).normal(512)), y(context, 32);
    try {
      sum_copied(context.cuda(), y.data(), x.data(), missing);
      sums = y.to_host();
    } catch (const DeviceError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(Gemms, ReadersOfCopiesNeedWaitAndBarriers) {
  std::vector<float> sums;
  EXPECT_EQ(sum_report(Missing::nothing, sums), "");
  for (const float sum : sums) EXPECT_TRUE(std::isfinite(sum));
  EXPECT_EQ(sum_report(Missing::wait, sums), "");
  for (const float sum : sums) EXPECT_TRUE(std::isnan(sum)) << "a value arrived before the wait";
  ELBO_NEEDS_CHECKER();
  for (const auto missing : {Missing::barrier, Missing::barrier_before_next}) {
    EXPECT_TRUE(says(sum_report(missing, sums), {"race|uninitialised", "of shared memory"}));
  }
}

TEST_F(Gemms, CopiesBringWhatWasAskedFor) {
  const auto x = Random(1).normal(512);
  Buffer<float> there(context, x), y(context, 32);
  sum_copied(context.cuda(), y.data(), there.data(), Missing::nothing);
  const auto sums = y.to_host();
  for (std::size_t thread = 0; thread < 32; ++thread) {
    float sum = 0.0f;
    for (std::size_t part = 0; part < 4; ++part) {
      for (std::size_t i = 0; i < 4; ++i) sum += x[128 * part + 4 * ((thread + 1) % 32) + i];
    }
    EXPECT_EQ(sums[thread], sum);
  }
}

TEST_F(Gemms, APieceIsTheProductOfRoundedOperands) {
  for (const auto precision : {Precision::tf32, Precision::bf16}) {
    const std::size_t depth = precision == Precision::tf32 ? 8 : 16;
    const auto a = Random(2).normal(static_cast<std::int64_t>(16 * depth));
    const auto b = Random(3).normal(static_cast<std::int64_t>(8 * depth));
    Buffer<float> a_there(context, a), b_there(context, b), c(context, 128);
    multiply_piece(context.cuda(), precision, c.data(), a_there.data(), b_there.data());
    const auto round = precision == Precision::tf32 ? math::round_to_tf32 : math::round_to_bf16;
    std::vector<double> expected(128);
    for (std::size_t i = 0; i < 128; ++i) {
      for (std::size_t k = 0; k < depth; ++k) {
        expected[i] += static_cast<double>(round(a[i / 8 * depth + k])) * round(b[k * 8 + i % 8]);
      }
    }
    EXPECT_TRUE(near_all<float>(c.to_host(), expected, Tolerance::float_sum(16), 8));
  }
}

TEST_F(Gemms, ANaNStaysOneWhateverItsBits) {
  // NaNs whose only bits are the last, which rounding drops; and NaNs that rounding up would carry beyond the
  // sign.
  for (const std::uint32_t bits : {0x7f800001u, 0xff800001u, 0x7fffffffu, 0xffffffffu, 0x7fc00000u}) {
    for (const auto precision : {Precision::tf32, Precision::bf16}) {
      const std::size_t depth = precision == Precision::tf32 ? 8 : 16;
      for (const std::size_t place : {std::size_t{0}, std::size_t{1}, depth - 1}) {
        std::vector<float> a(16 * depth, 1.0f), b(8 * depth, 1.0f);
        a[place] = std::bit_cast<float>(bits);
        b[8 * place + 2] = std::bit_cast<float>(bits);
        Buffer<float> a_there(context, a), b_there(context, b), c(context, 128);
        multiply_piece(context.cuda(), precision, c.data(), a_there.data(), b_there.data());
        const auto result = c.to_host();
        for (std::size_t i = 0; i < 128; ++i) {
          EXPECT_EQ(std::isnan(result[i]), i / 8 == 0 || i % 8 == 2)
              << bits << " at " << i << ": " << result[i];
        }
      }
    }
  }
}

TEST_F(Gemms, RowsAndOperandsAreSummedAlongside) {
  constexpr std::int64_t kM = 19, kN = 150, kK = 70;
  const auto a = Random(4).normal(kM * kK), b = Random(5).normal(kN * kK, 0.0, 0.1);
  Buffer<float> a_there(context, a), b_there(context, b);
  for (const int splits : {1, 3}) {
    for (int tile = 0; tile < static_cast<int>(std::size(ops::kTensorTiles)); ++tile) {
      const GemmPlan plan{GemmEngine::tensor, Precision::tf32, tile, splits};
      SCOPED_TRACE(plan.name());
      const std::int64_t parts = plan.row_sums(kN), columns = plan.row_sum_columns();
      Buffer<float> c(context, kM * kN), row_sums(context, kM * parts), a_sums(context, kM);
      gemm_with_sums(context.cuda(), plan, c.matrix(kM, kN), row_sums.matrix(kM, parts), a_sums.data(),
                     std::as_const(a_there).matrix(kM, kK), std::as_const(b_there).matrix(kN, kK));
      const auto values = c.to_host();
      std::vector<double> squares(static_cast<std::size_t>(kM * parts)), sums(kM);
      for (std::int64_t i = 0; i < kM * kN; ++i) {
        const double value = values[static_cast<std::size_t>(i)];
        squares[static_cast<std::size_t>(i / kN * parts + i % kN / columns)] += value * value;
      }
      for (std::int64_t i = 0; i < kM * kK; ++i)
        sums[static_cast<std::size_t>(i / kK)] += a[static_cast<std::size_t>(i)];
      EXPECT_TRUE(near_all<float>(row_sums.to_host(), squares, Tolerance::float_sum(128, 2.0), parts));
      EXPECT_TRUE(near_all<float>(a_sums.to_host(), sums, Tolerance::float_sum(kK, 2.0)));
    }
  }
}

TEST_F(Gemms, PartialSumsThatDoNotFitAreRefused) {
  Buffer<float> x(context, 4);
  const GemmPlan plan{GemmEngine::scalar, Precision::fp32, 0, 16};
  const MatrixView<float> huge(x.data(), std::int64_t{1} << 20, std::int64_t{1} << 20);
  EXPECT_THROW(gemm_with_sums(context.cuda(), plan, huge, huge, x.data(), huge, huge), DeviceError);
}

/// A product's second operand may be read before the grids before it have ended, if they are known to spare
/// it.
TEST_F(Gemms, KnowWhatTheNodesBeforeThemSpare) {
  Buffer<float> x(context, Random(1).normal(64)), w(context, Random(2).normal(64));
  Buffer<float> y(context, 64), z(context, 64);
  const auto forward = [&](Buffer<float>& to, const Buffer<float>& weights, int splits) {
    cuda::linear_forward(context, {GemmEngine::tensor, Precision::tf32, 0, splits}, to.matrix(8, 8), {},
                         std::as_const(x).matrix(8, 8), weights.matrix(8, 8), {}, Activation::relu);
  };
  const auto spared = [&](const Buffer<float>& buffer, std::int64_t first, std::size_t count) {
    return cuda::spared_by_previous(context.cuda(), {buffer.data() + first, sizeof(float) * count});
  };
  Branch branch(context);
  EXPECT_FALSE(spared(w, 0, 64)) << "nothing is recorded";
  Graph graph = Graph::record(context, [&] {
    EXPECT_FALSE(spared(w, 0, 64)) << "whatever runs before the graph";
    for (const int splits : {1, 2}) {
      forward(y, w, splits);
      EXPECT_TRUE(spared(w, 0, 64));
      EXPECT_FALSE(spared(y, 0, 64));
      EXPECT_FALSE(spared(y, 63, 1));
      forward(z, y, splits);  // the emulation would report that it reads y too early
    }
    branch.run([&] { x.fill_zero(); });
    EXPECT_TRUE(spared(w, 0, 64)) << "the branch is not before the main line";
    branch.join();
    EXPECT_FALSE(spared(w, 0, 64)) << "nobody says what a fill writes";
  });
  graph.launch();
  context.synchronize();
  EXPECT_FALSE(spared(w, 0, 64));
}

}  // namespace
}  // namespace elbo::test
