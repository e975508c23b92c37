// Batches from the dataset: every kind of preprocessing, order and cursor, and forbidden reads.

#include "ops/gather_batch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "cases/gather_batch.h"
#include "elbo/error.h"
#include "support/device.h"

namespace elbo::test {
namespace {

using ops::GatherSource;
using ops::GatherTarget;
using ops::Preprocess;

std::vector<GatherCase> every_mode() {
  std::vector<GatherCase> cases;
  for (const auto source : {GatherCase::Source::bytes, GatherCase::Source::values,
                            GatherCase::Source::values_with_nan, GatherCase::Source::sparse}) {
    for (const auto binarize : {Binarize::none, Binarize::threshold, Binarize::dynamic}) {
      for (const bool standardize : {false, true}) {
        cases.push_back({5, 17, 23, source, binarize, standardize, true, 11});
      }
    }
  }
  return cases;
}

class GatherModes : public testing::TestWithParam<GatherCase> {};
TEST_P(GatherModes, MatchesFloat64) {
  EXPECT_OP(GetParam());
}
INSTANTIATE_TEST_SUITE_P(All, GatherModes, testing::ValuesIn(every_mode()), CaseName());

class GatherShapes : public testing::TestWithParam<GatherCase> {};
TEST_P(GatherShapes, MatchesFloat64) {
  EXPECT_OP(GetParam(), {{0, 0}, {4, 0}, {3, 1}, {1, 3}});
}
INSTANTIATE_TEST_SUITE_P(
    All, GatherShapes,
    testing::Values(GatherCase{1, 1, 1}, GatherCase{3, 3, 3, GatherCase::Source::values},
                    GatherCase{7, 2, 100, GatherCase::Source::values, Binarize::none, true, true, 93},
                    GatherCase{4, 784, 10, GatherCase::Source::bytes, Binarize::none, false, false, 6},
                    GatherCase{33, 784, 40, GatherCase::Source::bytes, Binarize::dynamic},
                    GatherCase{2, 1025, 4, GatherCase::Source::values_with_nan, Binarize::dynamic, true, true,
                               2},
                    GatherCase{3, 2051, 5, GatherCase::Source::sparse, Binarize::none, false, true, 2},
                    GatherCase{9, 1, 30, GatherCase::Source::sparse},
                    GatherCase{2, 2051, 3, GatherCase::Source::bytes, Binarize::threshold, true, false, 1}),
    CaseName());

/// A dataset and a batch of it on the device under test.
struct Gathered {
  std::vector<float> x;
  std::vector<std::int64_t> examples;
};

struct Data {
  Data(Context& given, std::int64_t rows, std::int64_t d, const std::vector<float>& values)
      : context(given), dims(d), values(given, std::span<const float>(values)) {
    source.values = this->values.matrix(rows, d);
  }

  /// n rows from `cursor` on.
  Gathered gather(std::int64_t n, std::int64_t cursor, const Preprocess& preprocess = {}) {
    Buffer<float> x(context, n * dims);
    Buffer<std::int64_t> rows(context, n);
    StepState state;
    state.cursor = cursor;
    Buffer<StepState> device_state(context, std::span<const StepState>(&state, 1));
    GatherTarget target;
    target.x = x.matrix(n, dims);
    target.examples = rows.view();
    ops::gather_batch(context, target, source, preprocess, device_state.data());
    return {x.to_host(), rows.to_host()};
  }

  Context& context;
  std::int64_t dims;
  Buffer<float> values;
  GatherSource source;
};

std::vector<float> ramp(std::int64_t size) {
  std::vector<float> values(static_cast<std::size_t>(size));
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

TEST(GatherBatch, ByHand) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Data data(context, 4, 2, {0, 1, 10, 11, 20, 21, 30, 31});
  Preprocess p;
  p.scale = 2.0f;
  p.offset = -1.0f;
  const auto in_order = data.gather(2, 1, p);
  EXPECT_EQ(in_order.x, (std::vector<float>{19, 21, 39, 41}));
  EXPECT_EQ(in_order.examples, (std::vector<std::int64_t>{1, 2}));
  const std::vector<std::int64_t> order = {3, 0, 2, 1};
  Buffer<std::int64_t> permutation(context, std::span<const std::int64_t>(order));
  data.source.permutation = permutation.view();
  const auto permuted = data.gather(3, 1);
  EXPECT_EQ(permuted.x, (std::vector<float>{0, 1, 20, 21, 10, 11}));
  EXPECT_EQ(permuted.examples, (std::vector<std::int64_t>{0, 2, 1}));
  // A permutation of some of the rows, as for a split.
  data.source.permutation = permutation.view().part(0, 1);
  EXPECT_EQ(data.gather(1, 0).x, (std::vector<float>{30, 31}));
}

TEST(GatherBatch, NoStateStartsAtTheFirstRow) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Data data(context, 3, 3, ramp(9));
  Buffer<float> x(context, 6);
  GatherTarget target;
  target.x = x.matrix(2, 3);
  ops::gather_batch(context, target, data.source, {}, nullptr);
  EXPECT_EQ(x.to_host(), ramp(6));
}

TEST(GatherBatch, MissingValuesWithoutAMaskAreZero) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  Data data(context, 1, 4, {nan, 2.0f, infinity, -nan});
  EXPECT_EQ(data.gather(1, 0).x, (std::vector<float>{0.0f, 2.0f, infinity, 0.0f}));
}

TEST(GatherBatch, EpochWithRaggedLastBatchVisitsEveryRowOnce) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kRows = 23, kBatch = 7;
  Data data(context, kRows, 3, ramp(kRows * 3));
  std::vector<std::int64_t> order(kRows);
  for (std::int64_t i = 0; i < kRows; ++i) order[static_cast<std::size_t>(i)] = i * 9 % kRows;
  Buffer<std::int64_t> permutation(context, std::span<const std::int64_t>(order));
  data.source.permutation = permutation.view();
  std::map<float, int> seen;
  for (std::int64_t cursor = 0; cursor < kRows; cursor += kBatch) {
    const auto batch = data.gather(std::min(kBatch, kRows - cursor), cursor);
    for (const float value : batch.x) ++seen[value];
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kRows * 3));
  for (const auto& [value, times] : seen) EXPECT_EQ(times, 1) << value;
}

Preprocess dynamic(const std::uint64_t* time, std::uint64_t seed = 7) {
  Preprocess p;
  p.binarize = Binarize::dynamic;
  p.noise.seed = seed;
  p.noise.time = time;
  return p;
}

TEST(GatherBatch, ResampledFrequenciesAreTheProbabilities) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kRows = 500, kDims = 8, kTimes = 8;
  std::vector<float> values;
  const std::vector<float> probability = {0.0f, 1e-3f, 0.1f, 0.25f, 0.5f, 0.9f, 0.999f, 1.0f};
  for (std::int64_t i = 0; i < kRows; ++i)
    values.insert(values.end(), probability.begin(), probability.end());
  Data data(context, kRows, kDims, values);
  std::vector<double> ones(kDims, 0.0);
  for (std::uint64_t t = 0; t < kTimes; ++t) {
    Buffer<std::uint64_t> time(context, std::span<const std::uint64_t>(&t, 1));
    const auto batch = data.gather(kRows, 0, dynamic(time.data()));
    for (std::size_t i = 0; i < batch.x.size(); ++i) {
      ASSERT_TRUE(batch.x[i] == 0.0f || batch.x[i] == 1.0f);
      ones[i % kDims] += batch.x[i];
    }
  }
  const double count = kRows * kTimes;
  EXPECT_EQ(ones.front(), 0.0);
  EXPECT_EQ(ones.back(), count);
  for (std::size_t j = 0; j < kDims; ++j) {
    const double p = probability[j];
    EXPECT_NEAR(ones[j] / count, p, 4.5 * std::sqrt(p * (1.0 - p) / count) + 1e-12) << j;
  }
}

TEST(GatherBatch, ResamplingChangesWithTimeAndSeedAlone) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kRows = 40, kDims = 33;
  Data data(context, kRows, kDims, std::vector<float>(kRows * kDims, 0.5f));
  const std::vector<std::uint64_t> times = {0, 1, std::uint64_t{1} << 37};
  Buffer<std::uint64_t> time(context, std::span<const std::uint64_t>(times));
  const auto batch = [&](std::size_t t, std::uint64_t seed = 7) {
    return data.gather(kRows, 0, dynamic(time.data() + t, seed)).x;
  };
  const auto first = batch(0);
  EXPECT_EQ(batch(0), first);
  EXPECT_EQ(data.gather(kRows, 0, dynamic(nullptr)).x, first) << "a null time is time 0";
  for (const auto& other : {batch(1), batch(2), batch(0, 8), batch(0, 7 + (std::uint64_t{1} << 32))}) {
    std::size_t differing = 0;
    for (std::size_t i = 0; i < first.size(); ++i) differing += other[i] != first[i];
    EXPECT_NEAR(static_cast<double>(differing) / static_cast<double>(first.size()), 0.5, 0.07);
  }
  // The caller cannot choose the noise source's purpose and examples.
  Preprocess p = dynamic(nullptr);
  p.noise.purpose = NoisePurpose::shuffle;
  p.noise.examples = reinterpret_cast<const std::int64_t*>(time.data());
  EXPECT_EQ(data.gather(kRows, 0, p).x, first);
}

TEST(GatherBatch, ResamplingIsTheSameWhateverTheSplit) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  constexpr std::int64_t kRows = 20, kDims = 19;
  Data data(context, kRows, kDims, std::vector<float>(kRows * kDims, 0.5f));
  const auto whole = data.gather(kRows, 0, dynamic(nullptr)).x;
  for (const std::int64_t size : {1, 3, 7}) {
    std::vector<float> joined;
    for (std::int64_t cursor = 0; cursor < kRows; cursor += size) {
      const auto part = data.gather(std::min(size, kRows - cursor), cursor, dynamic(nullptr)).x;
      joined.insert(joined.end(), part.begin(), part.end());
    }
    EXPECT_EQ(joined, whole) << size;
  }
  // Reversed order: each row keeps its own noise.
  std::vector<std::int64_t> reversed(kRows);
  for (std::int64_t i = 0; i < kRows; ++i) reversed[static_cast<std::size_t>(i)] = kRows - 1 - i;
  Buffer<std::int64_t> permutation(context, std::span<const std::int64_t>(reversed));
  data.source.permutation = permutation.view();
  const auto backwards = data.gather(kRows, 0, dynamic(nullptr)).x;
  for (std::int64_t i = 0; i < kRows * kDims; ++i) {
    const std::int64_t row = kRows - 1 - i / kDims;
    ASSERT_EQ(backwards[static_cast<std::size_t>(i)],
              whole[static_cast<std::size_t>(row * kDims + i % kDims)]);
  }
}

TEST(GatherBatch, NothingIsReadOutsideTheDataset) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Data data(context, 4, 5, ramp(20));
  const std::vector<std::int64_t> order = {2, -1, 4, 1};
  Buffer<std::int64_t> permutation(context, std::span<const std::int64_t>(order));
  if (!device().is_cuda()) {
    EXPECT_THROW(data.gather(2, 3), ShapeError);
    EXPECT_THROW(data.gather(1, -1), ShapeError);
    data.source.permutation = permutation.view();
    EXPECT_THROW(data.gather(2, 0), ShapeError);
    EXPECT_THROW(data.gather(2, 2), ShapeError);
    EXPECT_NO_THROW(data.gather(1, 3));
    return;
  }
  const auto expect_rows = [&](const Gathered& batch, const std::vector<std::int64_t>& examples) {
    EXPECT_EQ(batch.examples, examples);
    for (std::size_t i = 0; i < batch.x.size(); ++i) {
      EXPECT_EQ(std::isnan(batch.x[i]), examples[i / 5] < 0) << i;
    }
  };
  expect_rows(data.gather(2, 3), {3, -1});
  expect_rows(data.gather(2, -1), {-1, 0});
  data.source.permutation = permutation.view();
  expect_rows(data.gather(4, 0), {2, -1, -1, 1});
}

TEST(GatherBatch, SameBitsWhateverTheThreads) {
  if (device().is_cuda()) GTEST_SKIP() << "threads are the CPU's";
  std::vector<float> first;
  for (const int threads : {1, 2, 5}) {
    Context context(device(), threads);
    Data data(context, 64, 784, Random(4).uniform(64 * 784, 0.0, 1.0));
    const auto x = data.gather(64, 0, dynamic(nullptr)).x;
    if (first.empty()) first = x;
    EXPECT_EQ(x, first);
  }
}

TEST(GatherBatch, WrongShapesAreRefused) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Data data(context, 4, 5, ramp(20));
  Buffer<float> x(context, 100), vector(context, 6);
  Buffer<std::uint8_t> bytes(context, 20);
  Buffer<std::int64_t> rows(context, 8);
  GatherTarget good;
  good.x = x.matrix(4, 5);
  const auto expect_refused = [&](const GatherTarget& target, const GatherSource& source,
                                  const Preprocess& p) {
    EXPECT_THROW(ops::gather_batch(context, target, source, p, nullptr), ShapeError);
  };
  GatherTarget target = good;
  target.x = x.matrix(4, 6);
  expect_refused(target, data.source, {});
  target.x = x.matrix(5, 5);
  expect_refused(target, data.source, {});
  target.x = {};
  expect_refused(target, data.source, {});
  target = good;
  target.mask = x.matrix(4, 4);
  expect_refused(target, data.source, {});
  target = good;
  target.examples = rows.view();
  expect_refused(target, data.source, {});
  GatherSource source = data.source;
  source.bytes = bytes.matrix(4, 5);
  expect_refused(good, source, {});
  expect_refused(good, {}, {});
  source = data.source;
  source.permutation = rows.view().part(0, 3);
  expect_refused(good, source, {});
  Preprocess p;
  p.mean = vector.view();
  expect_refused(good, data.source, p);
  p = {};
  p.inverse_deviation = vector.view();
  expect_refused(good, data.source, p);
  ops::gather_batch(context, good, data.source, {}, nullptr);
}

}  // namespace
}  // namespace elbo::test
