// How a product is spread over the CPU's threads.

#include <gtest/gtest.h>

#include <vector>

#include "ops/cpu_matmul.h"

namespace elbo::ops::cpu {
namespace {

TEST(BlockGrid, CoversEveryValueAndEveryRowOnce) {
  for (const std::int64_t rows : {1, 15, 16, 17, 128, 400}) {
    for (const std::int64_t cols : {1, 16, 20, 33, 400, 784}) {
      for (const int threads : {1, 2, 3, 6, 16, 64}) {
        const BlockGrid grid(rows, cols, 1e9, threads);
        EXPECT_LE(grid.blocks(), threads);
        std::vector<int> values(static_cast<std::size_t>(rows * cols)), owned(static_cast<std::size_t>(rows));
        for (int i = 0; i < grid.blocks(); ++i) {
          const Block block = grid.block(i);
          for (std::int64_t row = block.row; row < block.row + block.rows; ++row) {
            for (std::int64_t col = block.col; col < block.col + block.cols; ++col)
              ++values[row * cols + col];
          }
          for (std::int64_t j = 0; j < block.own_rows.size; ++j)
            ++owned[block.row + block.own_rows.first + j];
        }
        EXPECT_EQ(values, std::vector<int>(values.size(), 1)) << rows << " x " << cols << " by " << threads;
        EXPECT_EQ(owned, std::vector<int>(owned.size(), 1)) << rows << " x " << cols << " by " << threads;
      }
    }
  }
}

TEST(BlockGrid, LittleWorkStaysInOneThread) {
  EXPECT_EQ(BlockGrid(128, 20, 1e4, 8).blocks(), 1);
  EXPECT_EQ(BlockGrid(128, 400, 1e8, 8).blocks(), 8);
}

TEST(CpuMatmul, AnyNumberOfThreadsGivesTheProduct) {
  constexpr std::int64_t kRows = 33, kDepth = 400, kCols = 150;
  std::vector<float> a(kRows * kDepth), b(kDepth * kCols), expected(kRows * kCols);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 7) - 3.0f;
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 5) - 2.0f;
  for (std::int64_t i = 0; i < kRows; ++i) {  // small integers: exact in any order
    for (std::int64_t k = 0; k < kDepth; ++k) {
      for (std::int64_t j = 0; j < kCols; ++j)
        expected[i * kCols + j] += a[i * kDepth + k] * b[k * kCols + j];
    }
  }
  for (const int threads : {1, 2, 3, 7, 8, 16, 64}) {
    for (const auto order : {SumOrder::from_zero, SumOrder::staggered}) {
      Context context(Device::cpu(), threads);
      std::vector<float> c(kRows * kCols, -1.0f);
      matmul(context, {c.data(), kRows, kCols}, {{a.data(), kRows, kDepth}, false},
             {{b.data(), kDepth, kCols}, false}, Store::assign, order, [](const Block&) {});
      EXPECT_EQ(c, expected) << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace elbo::ops::cpu
