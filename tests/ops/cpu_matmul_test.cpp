// The division of a product among the CPU's threads, and each thread's results.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/cpu_matmul.h"
#include "support/instruction_sets.h"
#include "support/random.h"

namespace elbo::ops::cpu {
namespace {

TEST(CpuMatmul, SharesCoverEveryValueOnceAndAreEven) {
  for (const std::int64_t rows : {1, 3, 17, 128, 400}) {
    for (const std::int64_t cols : {1, 16, 33, 400, 784}) {
      for (const int count : {1, 2, 3, 6, 16, 64}) {
        for (const Cut cut : {Cut::columns, Cut::rows}) {
          std::vector<int> values(static_cast<std::size_t>(rows * cols));
          std::int64_t largest = 0;
          for (int i = 0; i < count; ++i) {
            std::int64_t size = 0;
            for (const Block& block : share(rows, cols, cut, i, count)) {
              if (block.empty()) continue;
              size += block.rows * block.cols;
              for (std::int64_t row = block.row; row < block.row + block.rows; ++row) {
                for (std::int64_t col = block.col; col < block.col + block.cols; ++col)
                  ++values[row * cols + col];
              }
            }
            largest = std::max(largest, size);
          }
          EXPECT_EQ(values, std::vector<int>(values.size(), 1)) << rows << " x " << cols << " by " << count;
          const std::int64_t padded = (rows + 3) / 4 * 4 * ((cols + 15) / 16 * 16);  // pieces are 4 x 16
          EXPECT_LE(largest, padded / count + 64) << rows << " x " << cols << " by " << count;
        }
      }
    }
  }
}

TEST(CpuMatmul, LittleWorkStaysInOneThread) {
  const Context context(Device::cpu(), 8);
  EXPECT_EQ(threads_for(context, 1e4), 1);
  EXPECT_EQ(threads_for(context, 1e8), 8);
}

struct Shape {
  std::int64_t rows, depth, cols;
};

/// A stored matrix in the guise of a source.
class Copied final : public Source {
 public:
  explicit Copied(MatrixView<const float> stored) : stored_(stored) {}
  void copy(const Block& block, float* to, std::int64_t stride) const override {
    for (std::int64_t r = 0; r < block.rows; ++r)
      std::copy_n(stored_.row(block.row + r) + block.col, block.cols, to + r * stride);
  }
  Operand operand() const { return operand_of(*this, stored_.rows, stored_.cols); }

 private:
  MatrixView<const float> stored_;
};

/// c = a b, computed in the requested way; `c` [rows, cols] has 3 values of padding in each row.
std::vector<float> gemm(const Shape& shape, bool a_transposed, bool b_transposed, Sums sums, Cut cut,
                        int threads) {
  Context context(Device::cpu(), threads);
  test::Random random(7);
  const std::vector<float> a = random.normal(shape.rows * shape.depth),
                           b = random.normal(shape.depth * shape.cols);
  // The same numbers, stored transposed if requested.
  const auto stored = [](const std::vector<float>& values, std::int64_t rows, std::int64_t cols,
                         bool transposed) {
    std::vector<float> result(values.size());
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < cols; ++j)
        result[transposed ? j * rows + i : i * cols + j] = values[i * cols + j];
    }
    return result;
  };
  const auto operand = [](const std::vector<float>& values, std::int64_t rows, std::int64_t cols,
                          bool transposed) {
    return transposed ? Operand{{values.data(), cols, rows}, true}
                      : Operand{{values.data(), rows, cols}, false};
  };
  const auto a_stored = stored(a, shape.rows, shape.depth, a_transposed);
  const auto b_stored = stored(b, shape.depth, shape.cols, b_transposed);
  const std::int64_t stride = shape.cols + 3;
  std::vector<float> c(static_cast<std::size_t>(shape.rows * stride), -1.0f), got(c);
  const Gemm of{.c = {c.data(), shape.rows, shape.cols, stride},
                .a = operand(a_stored, shape.rows, shape.depth, a_transposed),
                .b = operand(b_stored, shape.depth, shape.cols, b_transposed),
                .cut = cut,
                .sums = sums};
  matmul(context, of, [&](const Strip& strip) {
    for (std::int64_t r = 0; r < strip.block.rows; ++r) {
      std::copy_n(strip.row(r), strip.block.cols,
                  got.data() + (strip.block.row + r) * stride + strip.block.col);
    }
  });
  EXPECT_EQ(c, sums == Sums::in_result ? got : std::vector<float>(c.size(), -1.0f));
  return got;
}

/// The largest difference from the sums in double, relative to the size of sums with `depth` terms.
double error(const Shape& shape, const std::vector<float>& c) {
  test::Random random(7);
  const std::vector<float> a = random.normal(shape.rows * shape.depth),
                           b = random.normal(shape.depth * shape.cols);
  double largest = 0.0;
  for (std::int64_t i = 0; i < shape.rows; ++i) {
    for (std::int64_t j = 0; j < shape.cols; ++j) {
      double sum = 0.0;
      for (std::int64_t k = 0; k < shape.depth; ++k)
        sum += static_cast<double>(a[i * shape.depth + k]) * b[k * shape.cols + j];
      largest = std::max(largest, std::abs(sum - c[i * (shape.cols + 3) + j]));
    }
  }
  return largest / std::sqrt(static_cast<double>(shape.depth));
}

TEST(CpuMatmul, AnyTeamAndAnyStorageGiveTheSameBits) {
  // The last two have sums in several parts, more columns than are packed at once, and rows whose stride maps
  // them to one cache set.
  for (const Shape shape :
       {Shape{1, 1, 1}, Shape{3, 17, 5}, Shape{33, 400, 150}, Shape{13, 1100, 530}, Shape{14, 1024, 130}}) {
    SCOPED_TRACE(shape.cols);
    test::for_each_instruction_set([&] {
      const auto expected = gemm(shape, false, false, Sums::in_result, Cut::columns, 1);
      EXPECT_LT(error(shape, expected), 1e-5);
      for (const int threads : {1, 2, 7}) {
        for (const bool swapped : {false, true}) {
          EXPECT_EQ(gemm(shape, swapped, !swapped, Sums::in_result, Cut::rows, threads), expected) << threads;
          EXPECT_EQ(gemm(shape, swapped, swapped, Sums::in_scratch, Cut::columns, threads), expected)
              << threads;
        }
      }
    });
  }
}

TEST(CpuMatmul, SourcesAndOrdersGiveTheSameBits) {
  for (const Shape shape : {Shape{5, 3, 1}, Shape{33, 400, 150}, Shape{70, 2100, 330}}) {
    SCOPED_TRACE(shape.cols);
    const auto expected = gemm(shape, false, false, Sums::in_result, Cut::columns, 1);
    test::Random random(7);
    const std::vector<float> a = random.normal(shape.rows * shape.depth),
                             b = random.normal(shape.depth * shape.cols);
    const Copied left({a.data(), shape.rows, shape.depth}), right({b.data(), shape.depth, shape.cols});
    for (const std::int64_t part : {std::int64_t{100}, kDepth}) {
      for (const auto& [sums, order] : {std::pair{Sums::in_scratch, Order::columns_first},
                                        std::pair{Sums::in_result, Order::columns_first},
                                        std::pair{Sums::in_result, Order::depth_first}}) {
        for (const Cut cut : {Cut::rows, Cut::columns}) {
          Context context(Device::cpu(), 3);
          std::vector<float> c(expected.size(), -1.0f), got(c);
          const MatrixView<float> all(c.data(), shape.rows, shape.cols, shape.cols + 3);
          const Gemm of{.c = all,
                        .a = left.operand(),
                        .b = right.operand(),
                        .cut = cut,
                        .sums = sums,
                        .order = order,
                        .part = part};
          matmul(context, of, [&](const Strip& strip) {
            for (std::int64_t r = 0; r < strip.block.rows; ++r) {
              std::copy_n(strip.row(r), strip.block.cols,
                          got.data() + (strip.block.row + r) * all.stride + strip.block.col);
            }
          });
          EXPECT_EQ(got, expected) << part;
          if (sums == Sums::in_result) {
            EXPECT_EQ(c, expected) << part;
          }
        }
      }
    }
  }
}

TEST(CpuMatmul, DotsAreTheSums) {
  const Shape shape{50, 1300, 3};
  test::Random random(7);
  const std::vector<float> a = random.normal(shape.rows * shape.depth),
                           b = random.normal(shape.depth * shape.cols);
  const Copied right({b.data(), shape.depth, shape.cols});
  test::for_each_instruction_set([&] {
    std::vector<float> first;
    for (const Operand& operand : {right.operand(), Operand{{b.data(), shape.depth, shape.cols}, false}}) {
      for (const int threads : {1, 3}) {
        Context context(Device::cpu(), threads);
        const std::int64_t stride = shape.cols + 3;
        std::vector<float> c(static_cast<std::size_t>(shape.rows * stride), -1.0f);
        const Gemm of{.c = {c.data(), shape.rows, shape.cols, stride},
                      .a = {{a.data(), shape.rows, shape.depth}, false},
                      .b = operand,
                      .cut = Cut::rows,
                      .dots = true};
        matmul(context, of, [](const Strip&) {});
        EXPECT_LT(error(shape, c), 1e-5);
        if (first.empty()) first = c;
        EXPECT_EQ(c, first) << threads;
      }
    }
  });
}

TEST(CpuMatmul, RowsDoNotDependOnEachOther) {
  const Shape many{128, 784, 40}, few{5, 784, 40};
  // Uses the same first rows of a. b is drawn separately, since it follows a in the stream of random numbers.
  Context context(Device::cpu(), 2);
  test::Random random(3);
  const std::vector<float> a = random.normal(many.rows * many.depth),
                           b = random.normal(many.depth * many.cols);
  const auto rows_of = [&](const Shape& shape) {
    std::vector<float> c(static_cast<std::size_t>(shape.rows * shape.cols));
    const Gemm of{.c = {c.data(), shape.rows, shape.cols},
                  .a = {{a.data(), shape.rows, shape.depth}, false},
                  .b = {{b.data(), shape.depth, shape.cols}, false}};
    matmul(context, of, [](const Strip&) {});
    return c;
  };
  auto expected = rows_of(many);
  expected.resize(static_cast<std::size_t>(few.rows * few.cols));
  EXPECT_EQ(rows_of(few), expected);
}

TEST(CpuMatmul, AccumulatesAndTakesEmptySums) {
  Context context(Device::cpu(), 1);
  std::vector<float> c = {1.0f, 2.0f};
  const float a = 3.0f, b[] = {10.0f, 20.0f};
  Gemm of{.c = {c.data(), 1, 2}, .a = {{&a, 1, 1}, false}, .b = {{b, 1, 2}, false}, .accumulate = true};
  const auto run = [&] { matmul(context, of, [](const Strip&) {}); };
  run();
  EXPECT_EQ(c, (std::vector<float>{31.0f, 62.0f}));
  of.a.stored = {nullptr, 1, 0};
  of.b.stored = {nullptr, 0, 2};
  run();
  EXPECT_EQ(c, (std::vector<float>{31.0f, 62.0f}));
  of.accumulate = false;
  run();
  EXPECT_EQ(c, (std::vector<float>{0.0f, 0.0f}));
}

}  // namespace
}  // namespace elbo::ops::cpu
