#pragma once
// Data to train on or to evaluate, in host memory.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// How a row is drawn as a picture; height 0 where it is none. Rows of colour pictures are height × width ×
/// channels, channels last.
struct PictureShape {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 1;

  bool is_picture() const noexcept { return height > 0; }
  friend bool operator==(const PictureShape&, const PictureShape&) = default;
};

/// Examples of one split. A missing value is NaN among `floats`. Values are kept as they were stored: bytes
/// stay bytes (they stand for byte / 255) until a batch is built on the device. Exactly one of `bytes` and
/// `floats` is non-empty, of size examples · dims.
struct Examples {
  std::int64_t count = 0;
  std::int64_t dims = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<float> floats;
  std::vector<std::int32_t> labels;  ///< one per example, or empty
  Table factors;                     ///< the generating factors of built-in data, or empty
  std::string origin;                ///< the file (and array in it) they were read from; empty from memory
  bool from_text = false;            ///< `rows` are the lines of a text file, counted from 1
  std::vector<std::int64_t>
      rows;  ///< where each stood in its origin; where empty, example i in row i, from 0

  bool empty() const noexcept { return count == 0; }
  /// Value j of example i as the model sees it before preprocessing (a byte times 1/255, rounded as in a
  /// batch).
  float value(std::int64_t i, std::int64_t j) const;
  /// Examples [first, first + count), with their labels and factors. Throws ShapeError.
  Examples slice(std::int64_t first, std::int64_t count) const;
  /// Examples number i · count / most for i < most, with their labels and factors: all where they are no
  /// more. Throws ShapeError.
  Examples evenly_spaced(std::int64_t most) const;
};

/// Examples [first, first + count) as the floats a model sees before preprocessing. Throws ShapeError.
Table to_table(const Examples& examples, std::int64_t first, std::int64_t count);

/// Named data with its splits. `validation` and `test` may be empty.
struct Dataset {
  std::string name;
  PictureShape picture;
  std::vector<std::string> columns;       ///< column names where the source had them
  std::vector<std::string> factor_names;  ///< names of Examples::factors' columns
  std::vector<std::string> notes;         ///< what reading changed, a sentence each
  Examples train;
  Examples validation;
  Examples test;

  std::int64_t dims() const noexcept { return train.dims; }

  /// A dataset from memory: [count, dims] floats. Throws DataError when values.size() is not count · dims, or
  /// on zero examples.
  static Dataset from_floats(std::vector<float> values, std::int64_t dims);
  /// The same from bytes, which stand for byte / 255.
  static Dataset from_bytes(std::vector<std::uint8_t> values, std::int64_t dims, PictureShape picture = {});
};

/// How `load_dataset` reads.
struct LoadOptions {
  std::uint64_t seed = 0;  ///< of built-in data
  /// What the pictures of a folder are brought to: the largest piece of its proportions from the middle of
  /// each, bicubic. Height 0: they stay as they are and must be alike. Channels 0: 3 where any picture is in
  /// colour.
  PictureShape resize = {};
};

/// Loads data: a built-in name ("digits", "gaussian2d", "uniform10"), a known data set ("mnist",
/// "mnist-binarized", "fashion-mnist", "kmnist", "frey", looked up under $ELBO_DATA, then in the user's
/// cache), a folder of IDX files or of pictures, or a .npy, .npz, .csv, .tsv or IDX file. Built-in data is
/// the same for the same seed everywhere. Throws DataError or IoError, naming the file, or the nearest known
/// name; ConfigError where `resize` is set and the data is no folder of pictures.
Dataset load_dataset(std::string_view name_or_path, const LoadOptions& options = {});

/// Makes the values missing (NaN) where `mask`, of the same splits and shape, is 0; where it is 1 they stay.
/// Bytes become floats there. A split that the mask lacks stays as it is. Throws DataError where shapes
/// differ, or the mask holds anything else.
void apply_mask(Dataset& data, const Dataset& mask);

/// Moves the last round(fraction · count) training examples, after a shuffle that depends on `seed` only,
/// into `validation` (and likewise into `test`) where those splits are empty and the fraction is not 0.
/// Examples::rows keeps where each came from. Throws ConfigError where a fraction is outside [0, 1), would
/// leave no example to train on, or is not 0 and rounds to no example.
void split(Dataset& dataset, double validation_fraction, double test_fraction, std::uint64_t seed);

/// What is known of a data set that `load_dataset` takes by name.
struct KnownDataset {
  std::string name;
  std::string description;
  bool built_in = false;
  std::filesystem::path where;  ///< the folder it was found in; empty when built in or not present
};

/// All data sets known by name, present or not.
std::vector<KnownDataset> known_datasets();

}  // namespace elbo
