// Examples, Dataset and splitting, as declared in include/elbo/dataset.h.

#include "elbo/dataset.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/rows.h"
#include "data/sources/array.h"
#include "data/sources/random.h"
#include "base/check.h"
#include "base/memory.h"

namespace elbo {
namespace {

/// The rows of `values` (each `width` wide) with the numbers in `rows`, in that order.
template <class T>
std::vector<T> take_rows(const std::vector<T>& values, std::int64_t width,
                         std::span<const std::int64_t> rows) {
  std::vector<T> taken;
  if (values.empty()) return taken;
  taken.reserve(rows.size() * static_cast<std::size_t>(width));
  for (const auto row : rows)
    taken.insert(taken.end(), values.begin() + row * width, values.begin() + (row + 1) * width);
  return taken;
}

Examples take(const Examples& from, std::span<const std::int64_t> rows) {
  Examples out;
  out.count = static_cast<std::int64_t>(rows.size());
  out.dims = from.dims;
  out.bytes = take_rows(from.bytes, from.dims, rows);
  out.floats = take_rows(from.floats, from.dims, rows);
  out.sparse = data::take_rows(from.sparse, rows);
  out.labels = take_rows(from.labels, 1, rows);
  if (from.conditions.cols > 0) {
    out.conditions = {out.count, from.conditions.cols,
                      take_rows(from.conditions.values, from.conditions.cols, rows)};
  }
  out.ids = take_rows(from.ids, 1, rows);
  out.origin = from.origin;
  out.from_text = from.from_text;
  out.source = from.source;
  out.rows = from.rows.empty() ? std::vector(rows.begin(), rows.end()) : take_rows(from.rows, 1, rows);
  if (from.factors.rows > 0) {
    out.factors = {out.count, from.factors.cols, take_rows(from.factors.values, from.factors.cols, rows)};
  }
  return out;
}

template <class T>
void check_table(const std::vector<T>& values, std::int64_t dims) {
  if (dims <= 0) throw DataError(concat("examples need one value or more, but dims is ", dims));
  if (values.empty()) throw DataError("there are no examples");
  if (values.size() % static_cast<std::size_t>(dims) != 0) {
    throw DataError(concat(values.size(), " values do not make whole examples of ", dims));
  }
}

void check_fraction(double fraction, const char* key) {
  if (fraction >= 0.0 && fraction < 1.0) return;
  throw ConfigError(
      concat(key, " is a fraction of the training examples, from 0 to less than 1, but is ", fraction));
}

/// Whether the mask marks this value as present. Bytes are read as stored: 1, not 255, is 1.
bool is_present(const Examples& mask, std::int64_t i, std::int64_t j) {
  const auto at = static_cast<std::size_t>(i * mask.dims + j);
  const float value = mask.bytes.empty() ? mask.value(i, j) : static_cast<float>(mask.bytes[at]);
  if (value == 0.0f || value == 1.0f) return value == 1.0f;
  throw DataError(concat(mask.origin,
                         ": a mask holds 0 where a value is missing and 1 where it is present, but row ", i,
                         " has ", value, "."));
}

void mask_split(Examples& examples, const Examples& mask, std::string_view split) {
  if (mask.empty()) return;
  if (mask.count != examples.count || mask.dims != examples.dims) {
    throw DataError(concat(mask.origin, ": a mask of ", mask.count, " x ", mask.dims, " values for ", split,
                           " data of ", examples.count, " x ", examples.dims, ". They need one shape."));
  }
  if (!examples.sparse.empty())
    require_memory(static_cast<std::size_t>(examples.count * examples.dims) * sizeof(float),
                   concat(mask.origin, ": sparse data with a mask, whose zeros are filled in,"));
  Table table = to_table(examples, 0, examples.count);
  for (std::int64_t i = 0; i < examples.count; ++i) {
    for (std::int64_t j = 0; j < examples.dims; ++j) {
      if (!is_present(mask, i, j))
        table.values[static_cast<std::size_t>(i * examples.dims + j)] =
            std::numeric_limits<float>::quiet_NaN();
    }
  }
  examples.bytes.clear();
  examples.sparse = {};
  examples.floats = std::move(table.values);
}

}  // namespace

float Examples::value(std::int64_t i, std::int64_t j) const {
  if (!sparse.empty()) return sparse.at(i, j);
  const auto at = static_cast<std::size_t>(i * dims + j);
  return bytes.empty() ? floats[at] : static_cast<float>(bytes[at]) * data::kByteScale;
}

SourceValues::~SourceValues() = default;

std::vector<SourceCell> Examples::source_cells(std::int64_t i) const {
  ELBO_CHECK(source && i >= 0 && i < count, ShapeError, "example ", i, " has no source");
  return source->row(rows.empty() ? i : rows[static_cast<std::size_t>(i)]);
}

Table to_table(const Examples& examples, std::int64_t first, std::int64_t count) {
  ELBO_CHECK(first >= 0 && count >= 0 && count <= examples.count - first, ShapeError, count, " rows from ",
             first, " on asked of ", examples.count);
  Table table{count, examples.dims, {}};
  table.values.reserve(static_cast<std::size_t>(count * examples.dims));
  data::FloatRows rows(examples);
  for (std::int64_t i = first; i < first + count; ++i) {
    const auto row = rows[i];
    table.values.insert(table.values.end(), row.begin(), row.end());
  }
  return table;
}

Examples Examples::slice(std::int64_t first, std::int64_t number) const {
  ELBO_CHECK(first >= 0 && number >= 0 && first <= count - number, ShapeError, number, " examples from ",
             first, " on asked of ", count);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(number));
  std::iota(rows.begin(), rows.end(), first);
  return take(*this, rows);
}

Examples Examples::chosen(std::span<const std::int64_t> numbers) const {
  for (const std::int64_t number : numbers)
    ELBO_CHECK(number >= 0 && number < count, ShapeError, "example ", number, " asked of ", count);
  return take(*this, numbers);
}

Examples Examples::evenly_spaced(std::int64_t max_count) const {
  ELBO_CHECK(max_count >= 0, ShapeError, max_count, " examples were asked for");
  if (max_count >= count) return *this;
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < max_count; ++i) rows.push_back(i * count / max_count);
  return take(*this, rows);
}

Dataset Dataset::from_floats(std::vector<float> values, std::int64_t dims) {
  check_table(values, dims);
  Dataset dataset;
  dataset.name = "memory";
  dataset.train.dims = dims;
  dataset.train.count = static_cast<std::int64_t>(values.size()) / dims;
  dataset.train.floats = std::move(values);
  return dataset;
}

Dataset Dataset::from_bytes(std::vector<std::uint8_t> values, std::int64_t dims, PictureShape picture) {
  check_table(values, dims);
  if (picture.is_picture() && picture.height * picture.width * picture.channels != dims) {
    throw DataError(concat("a picture of ", picture.height, "x", picture.width, "x", picture.channels,
                           " does not have ", dims, " values"));
  }
  Dataset dataset;
  dataset.name = "memory";
  dataset.picture = picture;
  dataset.train.dims = dims;
  dataset.train.count = static_cast<std::int64_t>(values.size()) / dims;
  dataset.train.bytes = std::move(values);
  return dataset;
}

Dataset Dataset::from_sparse(CsrRows rows, std::int64_t dims) {
  if (dims <= 0) throw DataError(concat("examples need one value or more, but dims is ", dims));
  if (rows.rows() == 0) throw DataError("there are no examples");
  data::check_sparse(rows, dims);
  Dataset dataset;
  dataset.name = "memory";
  dataset.train.dims = dims;
  dataset.train.count = rows.rows();
  dataset.train.sparse = std::move(rows);
  return dataset;
}

Examples labelled(const Examples& examples) {
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < examples.labels.size(); ++i) {
    if (examples.labels[i] != kNoLabel) rows.push_back(static_cast<std::int64_t>(i));
  }
  return std::ssize(rows) == examples.count ? examples : take(examples, rows);
}

std::string label_name(const Dataset& data, std::int32_t label) {
  if (label == kNoLabel) return "none";
  const bool named = label >= 0 && label < std::ssize(data.label_names);
  return named ? data.label_names[static_cast<std::size_t>(label)] : std::to_string(label);
}

void apply_mask(Dataset& data, const Dataset& mask) {
  mask_split(data.train, mask.train, "train");
  mask_split(data.validation, mask.validation, "validation");
  mask_split(data.test, mask.test, "test");
}

bool scale_grey_levels(Dataset& data) {
  const auto floats = {&data.train.floats, &data.validation.floats, &data.test.floats};
  bool above_one = false;
  for (const auto* values : floats) {
    for (const float value : *values) {
      if (std::isnan(value)) continue;
      if (!(value >= 0.0f && value <= 255.0f) || value != std::floor(value)) return false;
      above_one = above_one || value > 1.0f;
    }
  }
  if (!data.picture.is_picture() || !above_one) return false;
  for (auto* values : floats) {
    for (float& value : *values) value *= data::kByteScale;
  }
  for (Examples* examples : {&data.train, &data.validation, &data.test}) examples->source.reset();
  data.notes.push_back("values are whole numbers up to 255, and were taken for grey levels: divided by 255");
  return true;
}

void hold_out(Dataset& dataset, double validation_fraction, double test_fraction, std::uint64_t seed) {
  check_fraction(validation_fraction, "data.validation");
  check_fraction(test_fraction, "data.test");
  const std::int64_t count = dataset.train.count;
  const auto share = [count](const char* key, double fraction, const Examples& present) -> std::int64_t {
    if (fraction == 0.0 || !present.empty()) return 0;
    const auto rows = std::llround(fraction * static_cast<double>(count));
    if (rows > 0) return rows;
    throw ConfigError(concat(key, " = ", fraction, " of ", count, count == 1 ? " row" : " rows",
                             " is less than one example.\nUse a larger fraction, more data, or 0 for none."));
  };
  const std::int64_t validation = share("data.validation", validation_fraction, dataset.validation);
  const std::int64_t test = share("data.test", test_fraction, dataset.test);
  if (validation + test == 0) return;
  if (validation + test >= count) {
    throw ConfigError(concat("data.validation ", validation_fraction, " and data.test ", test_fraction,
                             " of ", count, " examples leave none to train on"));
  }
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  data::Random random(seed, data::Stream::split, 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);

  const std::span<const std::int64_t> rows = order;
  const auto train = static_cast<std::size_t>(count - validation - test);
  const auto held_out = static_cast<std::size_t>(validation);
  if (validation > 0) dataset.validation = take(dataset.train, rows.subspan(train, held_out));
  if (test > 0) dataset.test = take(dataset.train, rows.subspan(train + held_out));
  dataset.train = take(dataset.train, rows.first(train));
}

}  // namespace elbo
