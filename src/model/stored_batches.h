#pragma once
// A split on the device, batch by batch in its stored order: what evaluations and encodings read.

#include "data/resident.h"
#include "evaluation/evaluation_data.h"
#include "model/state.h"

namespace elbo {

/// Uploads examples once and preprocesses them as the model's recipe says. Must not outlive the model's
/// context.
class StoredBatches {
 public:
  /// Throws ShapeError if the examples are not as wide as the model, DataError if they do not suit its
  /// likelihood or there are none.
  StoredBatches(const Model::State& state, const Examples& examples, std::uint64_t seed)
      : StoredBatches(state, state.standardization(), examples, seed) {}
  /// With these statistics in place of the model's.
  StoredBatches(const Model::State& state, data::Standardization statistics, const Examples& examples,
                std::uint64_t seed);

  std::int64_t count() const noexcept { return resident_.count(); }
  /// Writes rows [first, first + batch.rows()) into the batch's x, mask and examples.
  void fill(const Batch& batch, std::int64_t first) const;
  /// The same as evaluations take it. This must outlive what is returned.
  EvaluationData data() const;

 private:
  Context* context_;
  data::Standardization statistics_;
  data::ResidentData resident_;
  data::Preprocessor preprocessor_;
  Buffer<std::int64_t> order_;  // 0 … count − 1: gather_batch names rows by it
  std::uint64_t seed_;
  std::vector<double> log_volumes_;
};

/// A table's rows as examples.
Examples to_examples(const Table& table);

}  // namespace elbo
