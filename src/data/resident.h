#pragma once
// A split in device memory, in the form it was stored in, and what a batch of it goes through.

#include <cstdint>
#include <span>
#include <vector>

#include "elbo/dataset.h"
#include "ops/gather_batch.h"
#include "runtime/buffer.h"

namespace elbo::data {

/// Examples uploaded once: bytes stay bytes. Must not outlive the context.
class ResidentData {
 public:
  ResidentData() = default;
  /// Throws DataError where there are no examples, ShapeError where their values are not count · dims, and
  /// DeviceError (out of memory).
  ResidentData(Context& context, const Examples& examples);

  std::int64_t count() const noexcept { return count_; }
  std::int64_t dims() const noexcept { return dims_; }
  /// What gather_batch reads; `permutation` [count] in device memory, empty for the stored order.
  ops::GatherSource source(VectorView<const std::int64_t> permutation = {}) const;

 private:
  std::int64_t count_ = 0;
  std::int64_t dims_ = 0;
  Buffer<std::uint8_t> bytes_;
  Buffer<float> floats_;
};

/// Statistics of each dimension over a split, computed in double precision.
struct Standardization {
  std::vector<float> mean;
  std::vector<float>
      deviation;  ///< √(Σ (x − mean)² / n); 1 where a dimension is constant, which so becomes 0

  /// [count] Σ_j log σ_j over each example's present values: what a density of standardised data lacks to be
  /// one of the data itself, in nats. Empty where there are no deviations.
  std::vector<double> log_volumes(const Examples& examples) const;
  /// Their mean; 0 without.
  double log_volume(const Examples& examples) const;
};

/// Of the values that are present, as the model sees them before preprocessing. A dimension without any has
/// mean 0 and deviation 1.
Standardization standardization(const Examples& examples);

/// Of each dimension, the share of examples where it is present (no NaN).
std::vector<double> presence(const Examples& examples);

/// What a batch goes through, as gather_batch takes it; owns the statistics' copies on the device.
class Preprocessor {
 public:
  /// `stored_as_bytes`: a byte stands for byte / 255. `mean` and `deviation` [dims], or empty for none.
  Preprocessor(Context& context, ops::Binarize binarize, bool stored_as_bytes, std::span<const float> mean,
               std::span<const float> deviation);

  /// With the noise of Binarize::dynamic keyed by `seed` and `time` (device memory; null means 0).
  ops::Preprocess keyed(std::uint64_t seed, const std::uint64_t* time) const;

 private:
  ops::Preprocess settings_;
  Buffer<float> mean_;
  Buffer<float> inverse_deviation_;
};

/// The order of an epoch, counted from 1: a Fisher–Yates shuffle (Durstenfeld 1964) of 0 … count − 1 by
/// Philox numbers at (seed, shuffle, epoch), the same everywhere.
std::vector<std::int64_t> epoch_permutation(std::int64_t count, std::uint64_t seed, std::int64_t epoch);

/// A checksum of a split's shape and values, by which a resumed training knows its data again.
std::uint32_t fingerprint(const Examples& examples);

}  // namespace elbo::data
