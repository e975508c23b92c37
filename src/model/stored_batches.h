#pragma once
// A split on the device, batch by batch in its stored order, for evaluations and encodings.

#include <optional>

#include "data/resident.h"
#include "evaluation/evaluation_data.h"
#include "model/state.h"

namespace elbo {

/// Examples, preprocessed by the model's recipe. On a GPU they are uploaded once, on the CPU they are read
/// where they are. Must outlive neither the model's context nor the examples.
class StoredBatches {
 public:
  /// Throws ShapeError if the examples' width is not the model's, DataError if they do not suit its
  /// likelihood, lack the labels that a conditional model reads, or there are none. A model that infers
  /// labels gives an example without one the likeliest.
  StoredBatches(const ModelState& state, const Examples& examples, std::uint64_t seed)
      : StoredBatches(state, state.standardization(), examples, seed) {}
  /// The same, with this label in place of the examples' own, which they need not have.
  StoredBatches(const ModelState& state, const Examples& examples, std::uint64_t seed, std::int32_t label);
  /// The same, with these statistics in place of the model's.
  StoredBatches(const ModelState& state, data::Standardization statistics, const Examples& examples,
                std::uint64_t seed, std::optional<std::int32_t> label = std::nullopt);
  StoredBatches(const ModelState& state, Examples&& gone, std::uint64_t seed) = delete;
  StoredBatches(const ModelState& state, data::Standardization statistics, Examples&& gone,
                std::uint64_t seed) = delete;

  std::int64_t count() const noexcept { return resident_.count(); }
  /// Writes rows [first, first + batch.rows()) into the batch's x, mask, examples and condition.
  void fill(const Batch& batch, std::int64_t first) const;
  /// The same data in the form for evaluations. This object must outlive the result.
  EvaluationData data() const;

 private:
  const Vae* vae_;
  data::Standardization statistics_;
  data::ResidentData resident_;
  data::Preprocessor preprocessor_;
  Buffer<std::int64_t> order_;  // 0 … count − 1, for gather_batch
  std::uint64_t seed_;
  std::optional<std::int32_t> label_;  // of all examples; none: their own
  std::vector<std::int32_t> labels_;   // their own, or the likeliest, for a model that infers labels
  std::vector<double> log_volumes_;
};

/// A table's rows as examples.
Examples to_examples(const Table& table);

}  // namespace elbo
