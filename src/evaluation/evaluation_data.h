#pragma once
// The examples of an evaluation, and the loop over their batches.

#include <functional>
#include <span>

#include "vae/workspace.h"

namespace elbo {

/// `fill` writes rows [first, first + batch.rows()) of the examples into batch.x(), their mask into
/// batch.mask() if it has one, their indices into batch.examples(), and a conditional model's condition, as
/// ops on the model's context.
struct EvaluationData {
  std::int64_t count = 0;
  /// For standardised data: [count] Σ_j log σ_j over each example's present values, added to its −log p to
  /// give the density of the data in its own scale; and σ [dims], which scales squared errors. Empty if data
  /// is not standardised.
  std::span<const double> log_volumes;
  std::span<const float> deviation;
  std::function<void(const Batch& batch, std::int64_t first)> fill;

  double log_volume(std::int64_t example) const {
    return log_volumes.empty() ? 0.0 : log_volumes[static_cast<std::size_t>(example)];
  }
};

/// Rows of an evaluation's batch: enough to keep the device busy, few enough to stay in its caches, and fewer
/// if a row has very many inputs or outputs.
std::int64_t evaluation_rows(const Vae& vae);
std::int64_t evaluation_rows(const nn::Plan& plan, const Device& device);
/// The same, but at most the number of examples.
std::int64_t evaluation_rows(const Vae& vae, const EvaluationData& data);

/// Rows of a batch for the bound of `count` examples, where a model that infers labels has each as every
/// class.
std::int64_t bound_rows(const Vae& vae, std::int64_t count);
std::int64_t bound_rows(const VaeParts& parts, const Device& device, std::int64_t count);

/// Throws DataError if there are no examples.
void require_examples(const EvaluationData& data);

/// Calls visit(batch) for every batch, prepared and filled. Throws DataError if there are no examples.
void for_each_batch(const Workspace& workspace, const EvaluationData& data,
                    const std::function<void(const Batch&)>& visit);

/// Calls visit(batch, first) for batches that cover `count` rows. The batches are not filled; the caller
/// fills what it needs.
void for_each_chunk(const Vae& vae, std::int64_t count,
                    const std::function<void(const Batch&, std::int64_t)>& visit);

}  // namespace elbo
