// elbo::Model's codes from the prior.

#include <span>

#include "base/check.h"
#include "elbo/model.h"
#include "evaluation/evaluation_data.h"
#include "model/conditions.h"
#include "model/state.h"

namespace elbo {
namespace {

const Prior& prior_of(const ModelState& state) {
  if (const Prior* prior = state.vae->prior()) return *prior;
  throw ConfigError(
      "an autoencoder has no prior to sample from: train with model.kind = \"vae\", or decode codes");
}

/// What the networks read of the rows' labels or conditions, which only a conditional prior needs.
template <class Conditions>
Table checked_conditions(const ModelState& state, std::int64_t count, const Conditions& given, bool none) {
  if (none && (count == 0 || !prior_of(state).is_conditional())) return {};
  return network_conditions(state, count, given);
}

/// Moves draws from N(0, I) to the prior of each row's conditions, if the prior is conditional.
Table placed(const ModelState& state, Table codes, const Table& conditions) {
  const Vae& vae = *state.vae;
  const Prior& prior = *vae.prior();
  if (!prior.is_conditional() || codes.rows == 0) return codes;
  for_each_chunk(vae, codes.rows, [&](const Batch& batch, std::int64_t first) {
    float* const rows = codes.values.data() + first * codes.cols;
    const std::size_t bytes = sizeof(float) * static_cast<std::size_t>(batch.rows() * codes.cols);
    vae.parts().condition.set(vae.run(), batch, conditions, first);
    vae.context().copy_to_device(batch.relative_z().data, rows, bytes);
    prior.read_condition(vae.run(), batch);
    prior.place(vae.run(), batch);
    vae.context().copy_to_host(rows, batch.z().data, bytes);
    vae.context().synchronize();
  });
  return codes;
}

template <class Conditions>
Table draw_codes(ModelState& state, std::int64_t count, std::uint64_t seed, std::int64_t first,
                 const Conditions& given, bool none) {
  ELBO_CHECK(count >= 0 && first >= 0, ShapeError, count, " samples were asked for, from ", first, " on");
  prior_of(state);
  const Table conditions = checked_conditions(state, count, given, none);
  return exclusively(
      state, [&] { return placed(state, prior_on_host(*state.vae)->codes(count, seed, first), conditions); });
}

template <class Conditions>
Table grid_of_codes(ModelState& state, std::int64_t side, const Conditions& given, bool none) {
  ELBO_CHECK(side > 0, ShapeError, "a grid of ", side, " points a side was asked for");
  prior_of(state);
  const Table conditions = checked_conditions(state, side * side, given, none);
  return exclusively(state, [&] { return placed(state, prior_on_host(*state.vae)->grid(side), conditions); });
}

}  // namespace

Table Model::prior_codes(std::int64_t count, std::uint64_t seed, std::int64_t first,
                         std::span<const std::int32_t> labels) const {
  return draw_codes(*state_, count, seed, first, labels, labels.empty());
}

Table Model::prior_codes(std::int64_t count, std::uint64_t seed, std::int64_t first,
                         const Table& conditions) const {
  return draw_codes(*state_, count, seed, first, conditions, false);
}

Table Model::prior_grid(std::int64_t side, std::span<const std::int32_t> labels) const {
  return grid_of_codes(*state_, side, labels, labels.empty());
}

Table Model::prior_grid(std::int64_t side, const Table& conditions) const {
  return grid_of_codes(*state_, side, conditions, false);
}

}  // namespace elbo
