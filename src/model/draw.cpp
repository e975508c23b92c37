// elbo::Model::draw: data from p(x|z).

#include <span>
#include <vector>

#include "base/check.h"
#include "elbo/model.h"
#include "evaluation/evaluation_data.h"
#include "evaluation/host_copies.h"
#include "model/conditions.h"
#include "model/state.h"
#include "model/table_batches.h"

namespace elbo {

namespace {

Table draw_rows(const ModelState& state, const Table& z, std::uint64_t seed, std::int64_t first_row,
                const Table& conditions) {
  const Vae& vae = *state.vae;
  const std::int64_t dims = vae.config().dims;
  Table result{z.rows, dims, std::vector<float>(static_cast<std::size_t>(z.rows * dims))};
  const auto formulas = vae.likelihood().on_host(vae.run());
  HostCopies copies(*state.context);
  std::vector<float> parameters;
  for_each_chunk(vae, z.rows, [&](const Batch& batch, std::int64_t first) {
    decode_rows(vae, batch, z, conditions, first);
    const MatrixView<const float> decoded = batch.parameters();
    copies.request(parameters, decoded);
    copies.wait();
    parallel_for(state.context->team(), batch.rows(), true, [&](std::int64_t i) {
      const std::span row(result.values.data() + (first + i) * dims, static_cast<std::size_t>(dims));
      formulas->draw_row(row, parameters.data() + i * decoded.stride, seed, first_row + first + i);
      state.to_own_scale(row);
    });
  });
  return result;
}

void check_draw(const Model& model, const Table& z, std::int64_t first_row) {
  if (!model.has_prior()) throw ConfigError("an autoencoder has no p(x|z) to draw data from");
  ELBO_CHECK(first_row >= 0, ShapeError, "rows were numbered from ", first_row);
  check_codes(z, model.latent());
}

}  // namespace

Table Model::draw(const Table& z, std::uint64_t seed, std::int64_t first_row,
                  std::span<const std::int32_t> labels) const {
  check_draw(*this, z, first_row);
  const Table conditions = network_conditions(*state_, z.rows, labels);
  return exclusively(*state_, [&] { return draw_rows(*state_, z, seed, first_row, conditions); });
}

Table Model::draw(const Table& z, std::uint64_t seed, std::int64_t first_row, const Table& conditions) const {
  check_draw(*this, z, first_row);
  const Table read = network_conditions(*state_, z.rows, conditions);
  return exclusively(*state_, [&] { return draw_rows(*state_, z, seed, first_row, read); });
}

}  // namespace elbo
