#pragma once
// What a dataset holds: its splits and columns in figures.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elbo/dataset.h"
#include "elbo/export.h"
#include "elbo/schema.h"

namespace elbo {

/// Figures of values that are present.
struct Moments {
  double min = 0.0, max = 0.0, mean = 0.0;
  double deviation = 0.0;  ///< the root of the mean squared difference from the mean
};

/// A text or label and how often it occurs, most frequent first.
using Frequencies = std::vector<std::pair<std::string, std::int64_t>>;

/// A split with examples.
struct SplitSummary {
  std::string name;  ///< train, validation, test
  std::int64_t examples = 0, missing = 0;
  std::optional<Moments> moments;  ///< of all values; nothing if all are missing
  Frequencies labels;              ///< empty if it has no labels; "none" for those without one
};

/// A column of a table, or a value of other data that is not pictures, over all splits.
struct ColumnSummary {
  Column column;  ///< without a name if the data has none
  std::int64_t present = 0, missing = 0;
  std::string why;                 ///< as ColumnReading::why
  std::optional<Moments> moments;  ///< of the file's numbers, and of dates in days since 1970-01-01
  Frequencies levels;              ///< of texts, classes and labels
};

struct DatasetSummary {
  std::vector<SplitSummary> splits;
  std::vector<ColumnSummary> columns;  ///< empty for pictures
};

/// Describes data as it was loaded, before a recipe's preparation.
ELBO_API DatasetSummary summarize(const Dataset& data);

/// Pictures of one size and kind.
struct PictureSize {
  PictureShape shape;  ///< as it is shown: turned by its EXIF orientation, without transparency
  std::int64_t pictures = 0;
};

/// Picture files by their headers.
struct PictureSummary {
  std::vector<SplitSummary> splits;  ///< their examples and labels alone
  std::vector<PictureSize> sizes;    ///< over all splits, most frequent first
  std::vector<std::string> unread;   ///< why each file that cannot be read cannot, beginning with its path
  std::vector<std::string> notes;    ///< what was left out, and what was taken for a split
};

/// Describes a folder of pictures, or one picture, also where load_dataset would refuse it because sizes
/// differ or files are damaged. Nothing for data of other kinds. Throws IoError; DataError if the folder's
/// layout is not clear, as load_dataset does.
ELBO_API std::optional<PictureSummary> summarize_pictures(std::string_view name_or_path);

}  // namespace elbo
