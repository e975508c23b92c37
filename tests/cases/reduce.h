#pragma once
// Cases of ops::reduce_sum, ops::clip_global_norm and ops::normalize_ranges.

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "ops/reduce.h"
#include "support/op_case.h"

namespace elbo::test {

struct ReduceSumCase {
  std::int64_t size = 1;
  bool accumulate = false;

  std::string name() const { return "size_" + std::to_string(size) + (accumulate ? "_accumulate" : ""); }
  double flops() const { return static_cast<double>(size); }
  double bytes() const { return 4.0 * static_cast<double>(size) + 8.0; }

  void bind(OpRun& run) const {
    // Values over ten decades with both signs, so that the order of a float sum would show.
    Random random(static_cast<std::uint64_t>(size));
    auto values = random.normal(size);
    for (float& value : values) value *= static_cast<float>(std::pow(10.0, random.below(10) - 5.0));
    const double before = 123.456;
    const auto reference = [=, *this] {
      long double sum = accumulate ? before : 0.0L;
      for (const float value : values) sum += value;
      return std::vector<double>{static_cast<double>(sum)};
    };
    const auto sum = run.output<double>("sum", 1, reference, {1e-8, 1e-12},
                                        accumulate ? std::vector<double>{before} : std::vector<double>{});
    const auto view = run.input<float>("values", values);
    run.operation = [=, *this](Context& context) { ops::reduce_sum(context, sum.data, view, accumulate); };
  }
};

struct ClipCase {
  std::int64_t size = 1;
  double ratio = 0.5;  ///< max_norm / norm

  std::string name() const { return "size_" + std::to_string(size) + (ratio < 1.0 ? "_clipped" : "_kept"); }
  double flops() const { return 3.0 * static_cast<double>(size); }
  /// The gradient is read for its norm and, if it is clipped, read and written again.
  double bytes() const { return (ratio < 1.0 ? 12.0 : 4.0) * static_cast<double>(size); }

  void bind(OpRun& run) const {
    Random random(static_cast<std::uint64_t>(size) + 7);
    const auto values = random.normal(size, 0.1, 2.0);
    long double squares = 0.0L;
    for (const float value : values) squares += static_cast<long double>(value) * value;
    const double length = static_cast<double>(std::sqrt(squares));
    const float max_norm = static_cast<float>(ratio * length);
    const double factor = std::min(1.0, static_cast<double>(max_norm) / (length + 1e-6));
    const auto clipped = [=] {
      std::vector<double> expected(values.begin(), values.end());
      for (double& value : expected) value *= factor;
      return expected;
    };
    const auto gradient = run.output<float>("gradient", size, clipped, {0.0, 2.5e-7}, values);
    const auto norm = run.output<float>("norm", 1, [=] { return std::vector<double>{length}; }, {0.0, 1e-7});
    const std::int64_t spans = ops::clip_scratch_size(size);
    const auto scratch = run.output<double>(
        "scratch", spans,
        [=] {  // the contract does not cover the spans' sums, only that spans stay in place
          return std::vector<double>(static_cast<std::size_t>(spans), 0.0);
        },
        {1e300, 0.0});
    run.operation = [=](Context& context) {
      ops::clip_global_norm(context, gradient, max_norm, scratch, norm.data);
    };
  }
};

struct NormalizeCase {
  std::vector<std::int64_t> sizes;  ///< sizes of the ranges; the second range's gradient is 0
  std::int64_t gap = 0;             ///< values before, between and after them

  std::string name() const {
    std::string text = "gap_" + std::to_string(gap);
    for (const std::int64_t range : sizes) text.append("_").append(std::to_string(range));
    return text;
  }
  std::int64_t size() const {
    return std::accumulate(sizes.begin(), sizes.end(), gap * (std::ssize(sizes) + 1));
  }
  double flops() const { return 3.0 * static_cast<double>(size()); }
  double bytes() const { return 12.0 * static_cast<double>(size()); }

  std::vector<ops::Range> ranges() const {
    std::vector<ops::Range> ranges;
    std::int64_t first = gap;
    for (const std::int64_t range : sizes) {
      ranges.push_back({first, range});
      first += range + gap;
    }
    return ranges;
  }
  /// Ranges with very different norms, from 1e-6 on, where the added constant shows.
  std::vector<float> gradient() const {
    auto values = Random(static_cast<std::uint64_t>(size()) + 11).normal(size(), 0.1, 1.0);
    double scale = 1e-6;
    const auto all = ranges();
    for (std::size_t r = 0; r < all.size(); ++r, scale *= 300.0) {
      for (std::int64_t i = 0; i < all[r].size; ++i) {
        values[static_cast<std::size_t>(all[r].first + i)] *= r == 1 ? 0.0f : static_cast<float>(scale);
      }
    }
    return values;
  }

  void bind(OpRun& run) const {
    const auto values = gradient();
    const auto squares = [=](const ops::Range& range) {
      long double sum = 0.0L;
      for (std::int64_t i = range.first; i < range.first + range.size; ++i) {
        const long double value = values[static_cast<std::size_t>(i)];
        sum += value * value;
      }
      return sum;
    };
    const auto normalized = [=, all = ranges()] {
      std::vector<double> expected(values.begin(), values.end());
      for (const ops::Range& range : all) {
        const double length = static_cast<double>(std::sqrt(squares(range)));
        for (std::int64_t i = range.first; i < range.first + range.size; ++i)
          expected[static_cast<std::size_t>(i)] /= length + 1e-7;
      }
      return expected;
    };
    const auto length = [=, all = ranges()] {
      long double sum = 0.0L;
      for (const ops::Range& range : all) sum += squares(range);
      return std::vector<double>{static_cast<double>(std::sqrt(sum))};
    };
    const auto view = run.output<float>("gradient", size(), normalized, {0.0, 2.5e-7}, values);
    const auto norm = run.output<float>("norm", 1, length, {0.0, 1e-7});
    const auto spans = ops::range_spans(ranges(), size());
    const auto scratch = run.scratch<double>("scratch", 1, std::ssize(spans));
    const auto span_view = run.input<ops::RangeSpan>("spans", spans);
    run.operation = [=](Context& context) {
      ops::normalize_ranges(context, view, span_view, {scratch.data, scratch.cols}, norm.data);
    };
  }
};

}  // namespace elbo::test
