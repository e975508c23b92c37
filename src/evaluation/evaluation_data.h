#pragma once
// The examples of an evaluation, and how it goes through them.

#include <functional>
#include <span>

#include "vae/workspace.h"

namespace elbo {

/// `fill` writes rows [first, first + batch.rows()) of the examples into batch.x(), what is present of them
/// into batch.mask(), where there is one, and their indices into batch.examples(), as ops on the model's
/// context.
struct EvaluationData {
  std::int64_t count = 0;
  /// For standardised data: [count] Σ_j log σ_j over each example's present values, added to its −log p, so
  /// that it is a density of the data in its own scale; and σ [dims], in which squared errors are measured.
  /// Empty if data is taken as it is.
  std::span<const double> log_volumes;
  std::span<const float> deviation;
  std::function<void(const Batch& batch, std::int64_t first)> fill;

  double log_volume(std::int64_t example) const {
    return log_volumes.empty() ? 0.0 : log_volumes[static_cast<std::size_t>(example)];
  }
};

/// Rows of a batch in evaluations: enough to keep the device busy, little enough to stay in its caches, and
/// fewer where a row's inputs or outputs are very many.
std::int64_t evaluation_rows(const Vae& vae);
/// The same, and no more than there are examples.
std::int64_t evaluation_rows(const Vae& vae, const EvaluationData& data);

/// Throws DataError if there are none.
void require_examples(const EvaluationData& data);

/// Calls visit(batch) for every batch, prepared and filled. Throws DataError on zero examples.
void for_each_batch(const Workspace& workspace, const EvaluationData& data,
                    const std::function<void(const Batch&)>& visit);

/// Calls visit(batch, first) over batches of `count` rows of nothing: the caller fills what it needs.
void for_each_chunk(const Vae& vae, std::int64_t count,
                    const std::function<void(const Batch&, std::int64_t)>& visit);

}  // namespace elbo
