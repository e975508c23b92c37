#include "data/resident.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "data/rows.h"
#include "data/sources/array.h"
#include "math/philox.h"

namespace elbo::data {
namespace {

__extension__ typedef unsigned __int128 Wide;

void check_sizes(const Examples& examples) {
  if (examples.count <= 0) throw DataError("the data has no examples");
  const auto values = static_cast<std::size_t>(examples.count * examples.dims);
  const int forms = !examples.bytes.empty() + !examples.floats.empty() + !examples.sparse.empty();
  const bool complete = examples.sparse.empty() ? examples.bytes.size() + examples.floats.size() == values
                                                : examples.sparse.rows() == examples.count;
  ELBO_CHECK(examples.dims > 0 && forms == 1 && complete, ShapeError, examples.count, " examples of ",
             examples.dims, " values were given as ", examples.bytes.size(), " bytes, ",
             examples.floats.size(), " floats and ", examples.sparse.rows(), " sparse rows");
  if (!examples.sparse.empty()) check_sparse(examples.sparse, examples.dims);
}

/// Σ f(j, x_j) over all examples for each dimension j, in double; missing values add nothing. A byte is the
/// number 0 … 255.
template <class Function>
std::vector<double> sums(const Examples& examples, Function f) {
  const auto dims = static_cast<std::size_t>(examples.dims);
  std::vector<double> sum(dims);
  const auto add = [&](std::size_t j, double value) {
    if (!std::isnan(value)) sum[j] += f(j, value);
  };
  const auto add_rows = [&](const auto& values) {
    for (std::size_t row = 0; row + dims <= values.size(); row += dims) {
      for (std::size_t j = 0; j < dims; ++j) add(j, static_cast<double>(values[row + j]));
    }
  };
  add_rows(examples.bytes);
  add_rows(examples.floats);
  if (examples.sparse.empty()) return sum;
  std::vector<double> zeros(dims, static_cast<double>(examples.count));
  for (std::size_t at = 0; at < examples.sparse.values.size(); ++at) {
    const auto j = static_cast<std::size_t>(examples.sparse.columns[at]);
    add(j, examples.sparse.values[at]);
    zeros[j] -= 1.0;
  }
  for (std::size_t j = 0; j < dims; ++j) sum[j] += zeros[j] * f(j, 0.0);
  return sum;
}

Standardization statistics(const Examples& examples, double scale) {
  std::vector<double> count = sums(examples, [](std::size_t, double) { return 1.0; });
  for (double& value : count) value = std::max(value, 1.0);
  std::vector<double> mean = sums(examples, [](std::size_t, double x) { return x; });
  for (std::size_t j = 0; j < mean.size(); ++j) mean[j] /= count[j];
  const auto square = sums(examples, [&](std::size_t j, double x) { return (x - mean[j]) * (x - mean[j]); });
  Standardization result;
  for (std::size_t j = 0; j < mean.size(); ++j) {
    const double deviation = scale * std::sqrt(square[j] / count[j]);
    result.mean.push_back(static_cast<float>(scale * mean[j]));
    // The inverse of a smaller deviation would not be finite.
    const bool constant = deviation < std::numeric_limits<float>::min();
    result.deviation.push_back(constant ? 1.0f : static_cast<float>(deviation));
  }
  return result;
}

}  // namespace

ResidentData::ResidentData(Context& context, const Examples& examples)
    : count_(examples.count), dims_(examples.dims) {
  check_sizes(examples);
  if (!examples.bytes.empty()) {
    bytes_ = Buffer<std::uint8_t>(context, examples.bytes);
    byte_rows_ = bytes_.matrix(count_, dims_);
  } else if (!examples.floats.empty()) {
    floats_ = Buffer<float>(context, examples.floats);
    float_rows_ = floats_.matrix(count_, dims_);
  } else {
    starts_ = Buffer<std::int64_t>(context, examples.sparse.starts);
    columns_ = Buffer<std::int32_t>(context, examples.sparse.columns);
    floats_ = Buffer<float>(context, examples.sparse.values);
    sparse_rows_ = {dims_, starts_.view(), columns_.view(), floats_.view()};
  }
  add_labels(context, examples);
}

ResidentData ResidentData::borrow(Context& context, const Examples& examples) {
  if (context.is_cuda()) return ResidentData(context, examples);
  check_sizes(examples);
  ResidentData data;
  data.count_ = examples.count;
  data.dims_ = examples.dims;
  if (!examples.bytes.empty()) data.byte_rows_ = {examples.bytes.data(), examples.count, examples.dims};
  if (!examples.floats.empty()) data.float_rows_ = {examples.floats.data(), examples.count, examples.dims};
  if (const CsrRows& rows = examples.sparse; !rows.empty()) {
    data.sparse_rows_ = {examples.dims,
                         {rows.starts.data(), std::ssize(rows.starts)},
                         {rows.columns.data(), std::ssize(rows.columns)},
                         {rows.values.data(), std::ssize(rows.values)}};
  }
  data.add_labels(context, examples);
  return data;
}

void ResidentData::add_labels(Context& context, const Examples& examples) {
  if (examples.labels.empty()) return;
  std::vector<float> labels(examples.labels.begin(), examples.labels.end());
  std::ranges::replace(labels, static_cast<float>(kNoLabel), -1.0f);
  conditions_ = Buffer<float>(context, labels);
  for (std::int64_t i = 0; i < count_; ++i)
    if (examples.labels[static_cast<std::size_t>(i)] != kNoLabel) labelled_.push_back(i);
}

void ResidentData::set_conditions(Context& context, const Table& conditions) {
  ELBO_CHECK(conditions.rows == count_, ShapeError, conditions.rows, " rows of conditions for ", count_,
             " examples");
  conditions_ = Buffer<float>(context, conditions.values);
  condition_columns_ = conditions.cols;
}

ops::GatherSource ResidentData::conditions(VectorView<const std::int64_t> permutation) const {
  const std::int64_t rows = conditions_.size() / condition_columns_;
  return {.bytes = {},
          .values = conditions_.matrix(rows, condition_columns_),
          .sparse = {},
          .permutation = permutation};
}

ops::GatherSource ResidentData::source(VectorView<const std::int64_t> permutation) const {
  return {.bytes = byte_rows_, .values = float_rows_, .sparse = sparse_rows_, .permutation = permutation};
}

Standardization standardization(const Examples& examples) {
  check_sizes(examples);
  return statistics(examples, examples.bytes.empty() ? 1.0 : 1.0 / 255.0);
}

Standardization standardization(const Table& table) {
  Examples columns;
  columns.count = table.rows;
  columns.dims = table.cols;
  columns.floats = table.values;
  return standardization(columns);
}

std::vector<double> Standardization::log_volumes(const Examples& examples) const {
  if (deviation.empty()) return {};
  std::vector<double> logs;
  for (const float value : deviation) logs.push_back(std::log(static_cast<double>(value)));
  std::vector<double> volumes(static_cast<std::size_t>(examples.count),
                              std::accumulate(logs.begin(), logs.end(), 0.0));
  const std::vector<float>& values = stored_floats(examples);  // bytes are never missing
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (std::isnan(values[at]))
      volumes[static_cast<std::size_t>(row_of(examples, at))] -=
          logs[static_cast<std::size_t>(column_of(examples, at))];
  }
  return volumes;
}

double Standardization::log_volume(const Examples& examples) const {
  const std::vector<double> volumes = log_volumes(examples);
  const auto count = static_cast<double>(std::max<std::size_t>(volumes.size(), 1));
  return std::accumulate(volumes.begin(), volumes.end(), 0.0) / count;
}

std::vector<double> presence(const Examples& examples) {
  check_sizes(examples);
  if (!examples.bytes.empty()) return std::vector<double>(static_cast<std::size_t>(examples.dims), 1.0);
  auto share = sums(examples, [](std::size_t, double) { return 1.0; });
  for (double& value : share) value /= static_cast<double>(examples.count);
  return share;
}

Preprocessor::Preprocessor(Context& context, Binarize binarize, bool stored_as_bytes,
                           std::span<const float> mean, std::span<const float> deviation) {
  ELBO_CHECK(mean.size() == deviation.size(), ShapeError, mean.size(), " means and ", deviation.size(),
             " deviations");
  settings_.scale = stored_as_bytes ? kByteScale : 1.0f;
  settings_.binarize = binarize;
  if (mean.empty()) return;
  std::vector<float> inverse(deviation.begin(), deviation.end());
  for (float& value : inverse) value = 1.0f / value;
  mean_ = Buffer<float>(context, mean);
  inverse_deviation_ = Buffer<float>(context, inverse);
}

ops::Preprocess Preprocessor::keyed(std::uint64_t seed, const std::uint64_t* time) const {
  ops::Preprocess result = settings_;
  result.noise.seed = seed;
  result.noise.purpose = NoisePurpose::binarize;
  result.noise.time = time;
  result.mean = mean_.view();
  result.inverse_deviation = inverse_deviation_.view();
  return result;
}

std::vector<std::int64_t> epoch_permutation(std::int64_t count, std::uint64_t seed, std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::int64_t i = count - 1; i > 0; --i) {
    // Reducing a 64-bit number to 0 … i has a bias below i / 2⁶⁴.
    const auto words = math::noise_words(seed, math::noise_subsequence(NoisePurpose::shuffle, i),
                                         math::noise_block(static_cast<std::uint64_t>(epoch), 0));
    const std::uint64_t draw = static_cast<std::uint64_t>(words.word[1]) << 32 | words.word[0];
    const auto j =
        static_cast<std::size_t>(static_cast<Wide>(draw) * static_cast<std::uint64_t>(i + 1) >> 64);
    std::swap(order[static_cast<std::size_t>(i)], order[j]);
  }
  return order;
}

std::uint32_t fingerprint(const Examples& examples, bool labels_read) {
  const std::int64_t shape[] = {examples.count, examples.dims, examples.bytes.empty() ? 1 : 0};
  const auto add = [](uLong sum, const void* data, std::size_t bytes) {
    return bytes == 0 ? sum : crc32_z(sum, static_cast<const Bytef*>(data), bytes);  // zlib restarts on null
  };
  uLong sum = add(0, shape, sizeof shape);
  sum = add(sum, examples.bytes.data(), examples.bytes.size());
  sum = add(sum, examples.floats.data(), examples.floats.size() * sizeof(float));
  if (labels_read) sum = add(sum, examples.labels.data(), examples.labels.size() * sizeof(std::int32_t));
  sum = add(sum, examples.conditions.values.data(), examples.conditions.values.size() * sizeof(float));
  if (!examples.sparse.empty()) {  // as of dense values, which earlier versions made of them
    FloatRows rows(examples);
    for (std::int64_t i = 0; i < examples.count; ++i) sum = add(sum, rows[i].data(), rows[i].size_bytes());
  }
  return static_cast<std::uint32_t>(sum);
}

}  // namespace elbo::data
