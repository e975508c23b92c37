// elbo::Model's codes from the prior.

#include <span>

#include "base/check.h"
#include "elbo/model.h"
#include "evaluation/evaluation_data.h"
#include "model/state.h"
#include "model/table_batches.h"

namespace elbo {
namespace {

const Prior& prior_of(const ModelState& state) {
  if (const Prior* prior = state.vae->prior()) return *prior;
  throw ConfigError(
      "an autoencoder has no prior to sample from: train with model.kind = \"vae\", or decode codes");
}

/// Throws unless there are the labels that the prior needs. It may be given others, which decode() needs.
void check_labels_of_codes(const ModelState& state, std::int64_t count,
                           std::span<const std::int32_t> labels) {
  if (prior_of(state).is_conditional() || !labels.empty()) check_row_labels(*state.vae, count, labels);
}

/// Moves draws from N(0, I) to the prior of each row's label, if the prior is conditional.
Table placed(const ModelState& state, Table codes, std::span<const std::int32_t> labels) {
  const Vae& vae = *state.vae;
  const Prior& prior = *vae.prior();
  if (!prior.is_conditional() || codes.rows == 0) return codes;
  for_each_chunk(vae, codes.rows, [&](const Batch& batch, std::int64_t first) {
    float* const rows = codes.values.data() + first * codes.cols;
    const std::size_t bytes = sizeof(float) * static_cast<std::size_t>(batch.rows() * codes.cols);
    vae.parts().condition.set(vae.context(), batch, labels, first);
    vae.context().copy_to_device(batch.relative_z().data, rows, bytes);
    prior.read_condition(vae.run(), batch);
    prior.place(vae.run(), batch);
    vae.context().copy_to_host(rows, batch.z().data, bytes);
    vae.context().synchronize();
  });
  return codes;
}

}  // namespace

Table Model::prior_codes(std::int64_t count, std::uint64_t seed, std::int64_t first,
                         std::span<const std::int32_t> labels) const {
  ELBO_CHECK(count >= 0 && first >= 0, ShapeError, count, " samples were asked for, from ", first, " on");
  check_labels_of_codes(*state_, count, labels);
  return exclusively(*state_, [&] {
    return placed(*state_, prior_on_host(*state_->vae)->codes(count, seed, first), labels);
  });
}

Table Model::prior_grid(std::int64_t side, std::span<const std::int32_t> labels) const {
  ELBO_CHECK(side > 0, ShapeError, "a grid of ", side, " points a side was asked for");
  check_labels_of_codes(*state_, side * side, labels);
  return exclusively(*state_,
                     [&] { return placed(*state_, prior_on_host(*state_->vae)->grid(side), labels); });
}

Table Model::sample(std::int64_t count, std::uint64_t seed, std::span<const std::int32_t> labels) const {
  return decode(prior_codes(count, seed, 0, labels), labels);
}

}  // namespace elbo
