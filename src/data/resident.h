#pragma once
// A split in device memory, in its stored form, and the preprocessing of its batches.

#include <cstdint>
#include <span>
#include <vector>

#include "elbo/dataset.h"
#include "ops/gather_batch.h"
#include "runtime/buffer.h"

namespace elbo::data {

/// Examples in device memory; bytes stay bytes, and sparse rows sparse. Must not outlive the context.
class ResidentData {
 public:
  ResidentData() = default;
  /// Copies examples and their labels to the device. Throws DataError if there are no examples, ShapeError if
  /// their values do not fit count and dims, DeviceError if memory runs out.
  ResidentData(Context& context, const Examples& examples);
  /// The same without a copy of the values where the device is the CPU: the examples must outlive the result.
  static ResidentData borrow(Context& context, const Examples& examples);

  std::int64_t count() const noexcept { return count_; }
  std::int64_t dims() const noexcept { return dims_; }
  /// The source for gather_batch. `permutation` [count] is in device memory; empty: the stored order.
  ops::GatherSource source(VectorView<const std::int64_t> permutation = {}) const;

  /// Sets what a conditional model reads in place of the labels, [count, columns], as its networks read it.
  /// Throws ShapeError, DeviceError.
  void set_conditions(Context& context, const Table& conditions);
  /// The labels [count, 1], as numbers, −1 where there is none, or the conditions that are set, as a source;
  /// the examples must have some.
  ops::GatherSource conditions(VectorView<const std::int64_t> permutation = {}) const;
  /// The examples that have a label, in ascending order.
  const std::vector<std::int64_t>& labelled() const noexcept { return labelled_; }

 private:
  void add_labels(Context& context, const Examples& examples);

  std::int64_t count_ = 0;
  std::int64_t dims_ = 0;
  Buffer<std::uint8_t> bytes_;
  Buffer<float> floats_;
  Buffer<std::int64_t> starts_;
  Buffer<std::int32_t> columns_;
  Buffer<float> conditions_;
  std::int64_t condition_columns_ = 1;
  std::vector<std::int64_t> labelled_;
  // Views of the buffers, or of the borrowed examples; one has rows.
  MatrixView<const std::uint8_t> byte_rows_;
  MatrixView<const float> float_rows_;
  ops::SparseMatrix sparse_rows_;
};

/// Statistics of each dimension over a split, computed in double precision.
struct Standardization {
  std::vector<float> mean;
  std::vector<float> deviation;  ///< √(Σ (x − mean)² / n); 1 for a constant dimension, which so becomes 0
  /// The same of each condition (model.condition); mean 0 and deviation 1 for levels. Empty without columns.
  std::vector<float> condition_mean = {}, condition_deviation = {};

  /// [count] Σ_j log σ_j over each example's present values, in nats: added to −log p of the standardised
  /// data, it gives −log p of the data itself. Empty if there are no deviations.
  std::vector<double> log_volumes(const Examples& examples) const;
  /// The mean of log_volumes(); 0 if they are empty.
  double log_volume(const Examples& examples) const;
};

/// Computes statistics of the present values, before preprocessing. A dimension without present values has
/// mean 0 and deviation 1.
Standardization standardization(const Examples& examples);

/// The statistics of a table's columns, none of whose values is missing.
Standardization standardization(const Table& table);

/// For each dimension, the share of examples where it is present (not NaN).
std::vector<double> presence(const Examples& examples);

/// A batch's preprocessing, as gather_batch takes it; owns the statistics' copies on the device.
class Preprocessor {
 public:
  /// `stored_as_bytes`: a byte stands for byte / 255. `mean` and `deviation` [dims], or empty for none.
  Preprocessor(Context& context, Binarize binarize, bool stored_as_bytes, std::span<const float> mean,
               std::span<const float> deviation);

  /// The preprocessing with Binarize::dynamic's noise keyed by `seed` and `time` (device memory; null means
  /// 0).
  ops::Preprocess keyed(std::uint64_t seed, const std::uint64_t* time) const;

 private:
  ops::Preprocess settings_;
  Buffer<float> mean_;
  Buffer<float> inverse_deviation_;
};

/// The order of an epoch, counted from 1: a Fisher–Yates shuffle (Durstenfeld 1964) of 0 … count − 1 by
/// Philox numbers at (seed, shuffle, epoch), the same everywhere.
std::vector<std::int64_t> epoch_permutation(std::int64_t count, std::uint64_t seed, std::int64_t epoch);

/// A checksum of a split's shape and values, of its conditions, and of its labels if they are read, by which
/// a resumed training recognises its data.
std::uint32_t fingerprint(const Examples& examples, bool labels_read = false);

}  // namespace elbo::data
