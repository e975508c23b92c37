#pragma once
// Data to train on or to evaluate, in host memory.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/choices.h"
#include "elbo/export.h"
#include "elbo/schema.h"

namespace elbo {

/// A table of numbers: [rows, cols] row-major floats.
struct Table {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<float> values;

  std::span<const float> row(std::int64_t i) const {
    return {values.data() + i * cols, static_cast<std::size_t>(cols)};
  }
};

/// How a row is drawn as a picture; height 0 if it is not a picture. A row holds height × width × channels
/// values, channels last.
struct PictureShape {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 1;

  bool is_picture() const noexcept { return height > 0; }
  friend bool operator==(const PictureShape&, const PictureShape&) = default;
};

/// The label of an example without one.
inline constexpr std::int32_t kNoLabel = std::numeric_limits<std::int32_t>::min();

/// A value as its file has it. Neither text nor number: the value is missing.
struct SourceCell {
  std::string text;  ///< of a text table: a cell that means the same in any other table, else empty
  std::optional<double> number;  ///< a number, or a date in days since 1970-01-01, with all its digits
};

/// The values of a file, which may have more digits than 32-bit floats.
class ELBO_API SourceValues {
 public:
  virtual ~SourceValues();
  /// The values of a row, which Examples::rows has the number of.
  virtual std::vector<SourceCell> row(std::int64_t number) const = 0;
  /// Whether they are numbers of a binary file, and not a table's text.
  virtual bool binary() const = 0;
};

/// A matrix by compressed rows (CSR). The values of row i, and their columns in ascending order, are at
/// starts[i] … starts[i + 1]. A place that is not stored is 0.
struct ELBO_API CsrRows {
  std::vector<std::int64_t> starts;   ///< rows + 1, from 0 to the number of values; or empty: no matrix
  std::vector<std::int32_t> columns;  ///< each at most once in a row
  std::vector<float> values;

  bool empty() const noexcept { return starts.empty(); }
  std::int64_t rows() const noexcept { return empty() ? 0 : static_cast<std::int64_t>(starts.size()) - 1; }
  /// The value in row i and column j.
  float at(std::int64_t i, std::int64_t j) const;
};

/// The examples of one split. A missing value is NaN in `floats`. Values are kept as they were stored until a
/// batch is built on the device: a byte stays a byte, which stands for byte / 255, and a sparse matrix stays
/// sparse. Exactly one of `bytes`, `floats` and `sparse` is non-empty; the first two have count · dims
/// values.
struct ELBO_API Examples {
  std::int64_t count = 0;
  std::int64_t dims = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<float> floats;
  CsrRows sparse;
  std::vector<std::int32_t> labels;  ///< one per example, kNoLabel where it has none; or empty
  /// The columns that a conditional model reads beside the values (model.condition), but for the label, in
  /// the order of their names there: [count, columns], NaN where a cell is missing. Numbers are the file's
  /// less Column::origin, texts the numbers of their levels. Or empty.
  Table conditions;
  std::vector<std::string> ids;    ///< one per example, or empty
  Table factors;                   ///< the generating factors of built-in data, or empty
  std::string origin;              ///< the file (and its array) or folder read; empty for data from memory
  bool from_text = false;          ///< `rows` are the lines of a text file, counted from 1
  std::vector<std::int64_t> rows;  ///< each example's row in its origin; if empty, example i is row i, from 0
  /// Null unless LoadOptions::keep_source asked for it, and the file has more digits than floats have.
  std::shared_ptr<const SourceValues> source;

  bool empty() const noexcept { return count == 0; }
  /// Value j of example i before preprocessing (a byte times 1/255, rounded as in a batch).
  float value(std::int64_t i, std::int64_t j) const;
  /// The values of example i as its file has them. Needs a source.
  std::vector<SourceCell> source_cells(std::int64_t i) const;
  /// Examples [first, first + count), with their labels, conditions, ids and factors. Throws ShapeError if
  /// the range is not within the split.
  Examples slice(std::int64_t first, std::int64_t count) const;
  /// The examples with these numbers, in their order, with their labels, ids and factors. Throws ShapeError
  /// if one is outside the split.
  Examples chosen(std::span<const std::int64_t> numbers) const;
  /// At most `max_count` evenly spaced examples, with their labels, ids and factors: numbers
  /// i · count / max_count for i < max_count, or all examples if there are no more than that. Throws
  /// ShapeError if `max_count` is negative.
  Examples evenly_spaced(std::int64_t max_count) const;
};

/// The examples that have a label.
ELBO_API Examples labelled(const Examples& examples);

/// Examples [first, first + count) as floats, before preprocessing. Throws ShapeError if the range is not
/// within the split.
ELBO_API Table to_table(const Examples& examples, std::int64_t first, std::int64_t count);

/// What reading a table found in one of its columns.
struct ColumnReading {
  std::int64_t present = 0, missing = 0;  ///< cells
  std::string why;  ///< why its kind is not that of its numbers: a setting, its name, or its cells; or empty
};

/// Named data with its splits. `validation` and `test` may be empty.
struct ELBO_API Dataset {
  std::string name;
  PictureShape picture;
  std::vector<std::string> columns;       ///< names of the values, if the source had them
  Schema schema;                          ///< all columns of a table
  std::vector<ColumnReading> readings;    ///< of each of these; empty if they are those of a model
  std::vector<std::string> label_names;   ///< the name of label i; empty: labels are numbers
  std::vector<std::string> factor_names;  ///< names of Examples::factors' columns
  std::vector<std::string> notes;         ///< what reading changed, one sentence each
  Examples train;
  Examples validation;
  Examples test;

  std::int64_t dims() const noexcept { return train.dims; }

  /// A dataset from memory: [count, dims] floats. Throws DataError if values.size() is not a multiple of
  /// dims, or there are no examples.
  static Dataset from_floats(std::vector<float> values, std::int64_t dims);
  /// The same from bytes, which stand for byte / 255. Throws DataError also if `picture` does not have dims
  /// values.
  static Dataset from_bytes(std::vector<std::uint8_t> values, std::int64_t dims, PictureShape picture = {});
  /// The same from a sparse matrix [rows, dims], which stays sparse. Throws DataError if it is not as
  /// CsrRows says, or a column is outside [0, dims).
  static Dataset from_sparse(CsrRows rows, std::int64_t dims);
};

/// How a text table (.csv, .tsv) is read. Columns are named by their header, or by their number from 1.
struct TableOptions {
  std::string label = {};  ///< the column of labels; "none": none; empty: one named label, class or target
  std::string id = {};     ///< the column of ids; "none": none; empty: one whose name and cells say so
  std::vector<std::string> columns = {};  ///< those to use; empty: all
  std::vector<std::string> drop = {};     ///< those to leave out
  std::vector<std::string> kinds = {};    ///< "NAME=KIND" for columns whose kind is not to be inferred
  /// Those that are Examples::conditions and no values, by their names. With a model's columns, its own are.
  std::vector<std::string> conditions = {};
  HeaderLine header = HeaderLine::automatic;     ///< whether the first line has names
  DecimalSign decimal = DecimalSign::automatic;  ///< of numbers
  /// With a model's columns (LoadOptions::like): whether the table must have the column `label`, or `id`.
  /// Else one called as the training data's is taken in its place.
  bool label_required = false, id_required = false;
  /// With a model's columns, if no column is known as the label: a column that is none of the model's values
  /// is, if it alone holds this text. Empty: none.
  std::string label_value = {};
};

/// Options of `load_dataset`.
struct LoadOptions {
  std::uint64_t seed = 0;  ///< for generating built-in data
  /// The shape that pictures in files are brought to: each is cropped to the largest central piece of these
  /// proportions and then resampled, bicubic. Channels 0: 3 if any picture is in colour, else 1. Height and
  /// width 0: pictures keep their size, and only their channels are changed. Nothing: pictures keep their
  /// shape and must all have the same.
  std::optional<PictureShape> resize = {};
  TableOptions table = {};
  /// The columns of a model's training data: a table's columns are matched with them by name, put in their
  /// order and read as their kinds; texts get their numbers.
  std::optional<Schema> like = {};
  /// The grey level that pictures in files with transparency are laid over. Nothing: transparency is dropped,
  /// and colours are as they are stored.
  std::optional<std::uint8_t> background = {};
  bool keep_source = false;   ///< whether examples of a text table or a .npy file keep their source
  std::int64_t skip_bad = 0;  ///< how many picture files of a folder may be left out because they are damaged
};

/// Loads data: a built-in name ("digits", "gaussian2d", "uniform10"), a known data set ("mnist",
/// "mnist-binarized", "fashion-mnist", "kmnist", "frey", looked up under $ELBO_DATA, then in the user's
/// cache, then in the system's /usr/share/datasets), a folder of IDX files or of pictures, one picture, or a
/// file: .npy, .npz, .csv, .tsv, .mtx, .mat, .h5ad, SVMlight's text or IDX. "file.npz:imgs" is one array of a
/// .npz, .mat or .h5ad file; "-" a text table on standard input, which is read once. Built-in data
/// depends on the seed alone and is the same on every machine. Pictures are bytes, or floats from 0 to 1 if
/// any of them has 16 bits a value.
///
///     const elbo::Dataset data = elbo::load_dataset("customers.csv");
///     // data.train.count rows of data.dims() values, named by data.columns
///
/// Throws DataError or IoError, which name the file; ConfigError, with the nearest known name, for a name
/// that is neither known nor a file, or if `resize` is set and the data is neither a picture file nor a
/// folder of them; OutOfMemoryError.
ELBO_API Dataset load_dataset(std::string_view name_or_path, const LoadOptions& options = {});

/// Checks that no value is missing (NaN) or infinite. Throws DataError with the first such value, its row or
/// line. `needed_by`, for the error, is what the values are for: "decoding".
ELBO_API void check_finite(const Examples& examples, std::string_view needed_by);

/// Makes values missing (NaN) where `mask` is 0 and keeps them where it is 1. The mask has the data's splits
/// and shapes; a split that it lacks is not changed. Masked bytes become floats. Throws DataError if shapes
/// differ or the mask holds other values.
ELBO_API void apply_mask(Dataset& data, const Dataset& mask);

/// Divides values by 255 where the data are pictures of floats that are grey levels: all whole numbers from 0
/// to 255, or missing, and some above 1. A note says so. Returns whether it did.
ELBO_API bool scale_grey_levels(Dataset& data);

/// Moves the last round(fraction · count) training examples into `validation`, and likewise into `test`,
/// after a shuffle that depends on `seed` only. A split that has examples already, or whose fraction is 0, is
/// left alone. Examples::rows records where each example came from. Throws ConfigError if a fraction is
/// outside [0, 1), leaves no example to train on, or is positive and rounds to no example.
ELBO_API void hold_out(Dataset& dataset, double validation_fraction, double test_fraction,
                       std::uint64_t seed);

/// A label's name; its number if labels have no names; "none" for kNoLabel.
ELBO_API std::string label_name(const Dataset& data, std::int32_t label);

/// A data set that `load_dataset` takes by name.
struct KnownDataset {
  std::string name;
  std::string description;
  bool built_in = false;
  std::filesystem::path where;  ///< the folder it was found in; empty if built in or not present
};

/// All data sets known by name, present or not.
ELBO_API std::vector<KnownDataset> known_datasets();

}  // namespace elbo
