#include "elbo/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/running.h"
#include "data/rows.h"

namespace elbo {
namespace {

/// Figures of values that come one at a time; NaN is missing.
class Collector {
 public:
  void add(double value) {
    if (std::isnan(value)) {
      ++missing_;
      return;
    }
    ++present_;
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
    running_.add(value);
  }
  std::int64_t present() const { return present_; }
  std::int64_t missing() const { return missing_; }
  std::optional<Moments> moments() const {
    if (present_ == 0) return std::nullopt;
    return Moments{min_, max_, running_.mean(), std::sqrt(running_.variance())};
  }

 private:
  RunningMoments running_;
  double min_ = std::numeric_limits<double>::infinity(), max_ = -min_;
  std::int64_t present_ = 0, missing_ = 0;
};

/// Named counts, most frequent first, equal ones in their order.
Frequencies sorted(Frequencies counts) {
  std::ranges::stable_sort(counts, std::ranges::greater(), &Frequencies::value_type::second);
  return counts;
}

using LabelCounts = std::map<std::int32_t, std::int64_t>;

void count_labels(const Examples& examples, LabelCounts& counts) {
  for (const std::int32_t label : examples.labels) ++counts[label];
}

Frequencies named(const LabelCounts& counts, const Dataset& data) {
  Frequencies frequencies;
  for (const auto& [label, count] : counts) frequencies.emplace_back(label_name(data, label), count);
  return sorted(std::move(frequencies));
}

SplitSummary summarize_split(const Dataset& data, const std::string& name, const Examples& examples) {
  SplitSummary split{name, examples.count, 0, {}, {}};
  Collector values;
  data::FloatRows rows(examples);
  for (std::int64_t i = 0; i < examples.count; ++i) {
    for (const float value : rows[i]) values.add(value);
  }
  split.missing = values.missing();
  split.moments = values.moments();
  LabelCounts counts;
  count_labels(examples, counts);
  split.labels = named(counts, data);
  return split;
}

/// Each value's figures and classes over all splits.
class Values {
 public:
  explicit Values(const Dataset& data) : figures_(static_cast<std::size_t>(data.dims())) {
    for (const Examples* examples : {&data.train, &data.validation, &data.test}) {
      data::FloatRows rows(*examples);
      for (std::int64_t i = 0; i < examples->count; ++i) {
        const auto row = rows[i];
        for (std::size_t j = 0; j < row.size(); ++j) figures_[j].add(row[j]);
      }
    }
  }

  ColumnSummary of(const Dataset& data, Column column, std::int64_t j) {
    const Collector& figures = figures_[static_cast<std::size_t>(j)];
    ColumnSummary summary{std::move(column), figures.present(), figures.missing(), {}, {}, {}};
    const bool classes = !summary.column.levels.empty() || summary.column.kind == ColumnKind::categorical;
    if (classes) {
      summary.levels = levels(data, summary.column, j);
    } else {
      summary.moments = figures.moments();
      if (summary.moments) {  // as the file has the numbers
        for (double* figure : {&summary.moments->min, &summary.moments->max, &summary.moments->mean})
          *figure += summary.column.origin;
      }
    }
    return summary;
  }

 private:
  static Frequencies levels(const Dataset& data, const Column& column, std::int64_t j) {
    std::map<float, std::int64_t> counts;
    for (const Examples* examples : {&data.train, &data.validation, &data.test}) {
      for (std::int64_t i = 0; i < examples->count; ++i) {
        const float value = examples->value(i, j);
        if (!std::isnan(value)) ++counts[value];
      }
    }
    Frequencies frequencies;
    for (const auto& [value, count] : counts) {
      const auto at = static_cast<std::size_t>(value);
      const bool text = value >= 0.0f && at < column.levels.size();
      frequencies.emplace_back(text ? column.levels[at] : std::to_string(std::llround(value)), count);
    }
    return sorted(std::move(frequencies));
  }

  std::vector<Collector> figures_;
};

/// The columns of a table, with those that hold no values.
std::vector<ColumnSummary> summarize_table(const Dataset& data) {
  Values values(data);
  std::vector<ColumnSummary> columns;
  std::int64_t value = 0;
  for (std::size_t c = 0; c < data.schema.columns.size(); ++c) {
    const Column& column = data.schema.columns[c];
    ColumnSummary summary{column, 0, 0, {}, {}, {}};
    if (is_modelled(column)) summary = values.of(data, column, value++);
    if (c < data.readings.size()) {
      summary.present = data.readings[c].present;
      summary.missing = data.readings[c].missing;
      summary.why = data.readings[c].why;
    }
    if (column.kind == ColumnKind::label) {
      LabelCounts counts;
      for (const Examples* examples : {&data.train, &data.validation, &data.test})
        count_labels(*examples, counts);
      counts.erase(kNoLabel);
      summary.levels = named(counts, data);
    }
    columns.push_back(std::move(summary));
  }
  return columns;
}

}  // namespace

DatasetSummary summarize(const Dataset& data) {
  DatasetSummary summary;
  const std::pair<const char*, const Examples*> splits[] = {
      {"train", &data.train}, {"validation", &data.validation}, {"test", &data.test}};
  for (const auto& [name, examples] : splits) {
    if (!examples->empty()) summary.splits.push_back(summarize_split(data, name, *examples));
  }
  if (data.picture.is_picture()) return summary;
  if (!data.schema.empty()) {
    summary.columns = summarize_table(data);
    return summary;
  }
  Values values(data);
  for (std::int64_t j = 0; j < data.dims(); ++j) {
    Column column;
    if (j < std::ssize(data.columns)) column.name = data.columns[static_cast<std::size_t>(j)];
    summary.columns.push_back(values.of(data, std::move(column), j));
  }
  return summary;
}

}  // namespace elbo
