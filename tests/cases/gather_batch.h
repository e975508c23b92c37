#pragma once
// Cases of ops::gather_batch.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "ops/gather_batch.h"
#include "support/op_case.h"

namespace elbo::test {

/// Philox4x32-10 (Salmon et al. 2011), implemented independently of the library.
inline std::array<std::uint32_t, 4> philox_reference(std::uint64_t key, std::uint64_t low,
                                                     std::uint64_t high) {
  const auto word = [](std::uint64_t value, int which) {
    return static_cast<std::uint32_t>(value >> (32 * which));
  };
  std::array<std::uint32_t, 4> c = {word(low, 0), word(low, 1), word(high, 0), word(high, 1)};
  std::array<std::uint32_t, 2> k = {word(key, 0), word(key, 1)};
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * c[2];
    c = {word(b, 1) ^ c[1] ^ k[0], word(b, 0), word(a, 1) ^ c[3] ^ k[1], word(a, 0)};
    k = {k[0] + 0x9E3779B9u, k[1] + 0xBB67AE85u};
  }
  return c;
}

/// The uniform number in [0, 1) that draws value `dimension` of `example` at `time`.
inline double dynamic_uniform(std::uint64_t seed, std::uint64_t time, std::int64_t example,
                              std::int64_t dimension) {
  const std::uint64_t block = (time << 24) | static_cast<std::uint64_t>(dimension / 4);
  const std::uint64_t subsequence = (std::uint64_t{2} << 56) | static_cast<std::uint64_t>(example);
  return static_cast<double>(philox_reference(seed, block, subsequence)[dimension % 4] >> 8) * 0x1p-24;
}

struct GatherCase {
  enum class Source { bytes, values, values_with_nan, sparse };

  std::int64_t n = 1, d = 1, examples = 1;  ///< rows of the batch, its width, rows of the dataset
  Source source = Source::bytes;
  Binarize binarize = Binarize::none;
  bool standardize = false;
  bool permuted = true;
  std::int64_t cursor = 0;

  std::string name() const {
    const char* const sources[] = {"bytes", "values", "nan", "sparse"};
    const char* const binarized[] = {"", "_threshold", "_dynamic"};
    return std::to_string(n) + "x" + std::to_string(d) + "_of_" + std::to_string(examples) + "_" +
           sources[static_cast<int>(source)] + binarized[static_cast<int>(binarize)] +
           (standardize ? "_standardize" : "") + (permuted ? "" : "_in_order");
  }
  double flops() const { return 0.0; }
  double bytes() const {
    const double values = static_cast<double>(n) * static_cast<double>(d);
    const double read = source == Source::bytes ? 1.0 : source == Source::sparse ? 8.0 / kSparsity : 4.0;
    return values * read + values * (with_mask() ? 8.0 : 4.0) + 16.0 * static_cast<double>(n);
  }

  static constexpr int kSparsity = 20;  ///< one value of so many is stored

  /// Missing values also in sparse rows.
  bool with_mask() const { return source == Source::values_with_nan || source == Source::sparse; }

  /// Makes most values 0, and returns the others by compressed rows on the device.
  ops::SparseMatrix make_sparse(OpRun& run, Random& random, std::vector<float>& values) const {
    std::vector<std::int64_t> starts = {0};
    std::vector<std::int32_t> columns;
    std::vector<float> stored;
    for (std::size_t at = 0; at < values.size(); ++at) {
      const bool keep = random.below(kSparsity) == 0;
      if (keep) {
        columns.push_back(static_cast<std::int32_t>(at % static_cast<std::size_t>(d)));
        stored.push_back(values[at]);
      } else {
        values[at] = 0.0f;
      }
      if ((at + 1) % static_cast<std::size_t>(d) == 0) starts.push_back(std::ssize(stored));
    }
    columns.push_back(-1);  // memory that no row owns, so that a matrix without values has some
    stored.push_back(std::numeric_limits<float>::infinity());
    return {d, run.input<std::int64_t>("starts", starts), run.input<std::int32_t>("columns", columns),
            run.input<float>("stored", stored)};
  }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(n * 1000003 + d * 101 + examples));
    const auto stored_bytes = random.bytes(source == Source::bytes ? examples * d : 0);
    auto stored_values = random.uniform(source == Source::bytes ? 0 : examples * d, -0.2, 1.2);
    if (with_mask()) {
      for (std::size_t i = 0; i < stored_values.size(); i += 1 + static_cast<std::size_t>(random.below(5))) {
        stored_values[i] = std::numeric_limits<float>::quiet_NaN();
      }
    }
    const ops::SparseMatrix sparse =
        source == Source::sparse ? make_sparse(run, random, stored_values) : ops::SparseMatrix{};
    std::vector<std::int64_t> order(static_cast<std::size_t>(examples));
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); permuted && i > 1; --i) {
      std::swap(order[i - 1], order[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
    }
    ops::Preprocess p;
    p.scale = source == Source::bytes ? 1.0f / 255.0f : 0.8f;
    p.offset = source == Source::bytes ? 0.0f : 0.05f;
    p.binarize = binarize;
    p.threshold = 0.4f;
    p.noise.seed = 0x123456789abcdefull;
    const std::uint64_t time = 5'000'000'017;  // more than 32 bits
    const auto mean = random.uniform(d, -0.5, 0.5);
    const auto inverse_deviation = random.uniform(d, 0.5, 3.0);

    std::vector<double> x, mask, rows;  // the reference, row-major
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t example = order[static_cast<std::size_t>(cursor + i)];
      rows.push_back(static_cast<double>(example));
      for (std::int64_t j = 0; j < d; ++j) {
        const auto at = static_cast<std::size_t>(example * d + j);
        const double raw = source == Source::bytes ? stored_bytes[at] : stored_values[at];
        double value = raw * p.scale + p.offset;
        if (binarize == Binarize::threshold) value = value > p.threshold;
        if (binarize == Binarize::dynamic) value = dynamic_uniform(p.noise.seed, time, example, j) < value;
        if (standardize)
          value =
              (value - mean[static_cast<std::size_t>(j)]) * inverse_deviation[static_cast<std::size_t>(j)];
        x.push_back(std::isnan(raw) ? 0.0 : value);
        mask.push_back(std::isnan(raw) ? 0.0 : 1.0);
      }
    }

    ops::GatherTarget target;
    target.x = run.output<float>("x", n, d, [x] { return x; }, {2e-7, 2e-7});
    target.examples = run.output<std::int64_t>(
        "examples", n, [rows] { return rows; }, Tolerance::exact());
    if (with_mask())
      target.mask = run.output<float>(
          "mask", n, d, [mask] { return mask; }, Tolerance::exact());
    ops::GatherSource from;
    if (source == Source::bytes) {
      from.bytes = run.input<std::uint8_t>("bytes", examples, d, stored_bytes);
    } else if (source == Source::sparse) {
      from.sparse = sparse;
    } else {
      from.values = run.input<float>("values", examples, d, stored_values);
    }
    if (permuted) from.permutation = run.input<std::int64_t>("permutation", order);
    p.noise.time = run.input<std::uint64_t>("time", {time}).data;
    if (standardize) {
      p.mean = run.input<float>("mean", mean);
      p.inverse_deviation = run.input<float>("inverse_deviation", inverse_deviation);
    }
    StepState state;
    state.cursor = cursor;
    const StepState* const device_state = run.input<StepState>("state", {state}).data;
    run.operation = [=](Context& context) { ops::gather_batch(context, target, from, p, device_state); };
  }
};

}  // namespace elbo::test
