// elbo::Model::decode, reconstruct and sample: E[x|z].

#include <algorithm>

#include "data/resident.h"
#include "evaluation/evaluation_data.h"
#include "model/conditions.h"
#include "model/host_tables.h"
#include "model/state.h"
#include "model/stored_batches.h"
#include "model/table_batches.h"

namespace elbo {
namespace {

/// E[x|z] for `rows` rows in the data's own scale; decode(batch, first) decodes each batch.
template <class Decode>
Table means_of(const ModelState& state, std::int64_t rows, const Decode& decode) {
  const Vae& vae = *state.vae;
  const std::int64_t dims = vae.config().dims;
  Table result = make_table(rows, dims);
  Buffer<float> expected(*state.context, std::min(rows, evaluation_rows(vae)) * dims);
  for_each_chunk(vae, rows, [&](const Batch& batch, std::int64_t first) {
    decode(batch, first);
    const MatrixView<float> mean = expected.matrix(batch.rows(), dims);
    vae.likelihood().mean(vae.run(), mean, batch.parameters());
    rows_to_host(*state.context, result, first, mean);
    state.to_own_scale({result.values.data() + first * dims, static_cast<std::size_t>(mean.rows * dims)});
  });
  return result;
}

/// `conditions` as the networks read them; none if the model has none.
Table decode_codes(ModelState& state, const Table& z, const Table& conditions) {
  return exclusively(state, [&] {
    return means_of(state, z.rows, [&](const Batch& batch, std::int64_t first) {
      decode_rows(*state.vae, batch, z, conditions, first);
    });
  });
}

/// The same; none: the examples' own.
Table reconstruct_examples(ModelState& state, const Examples& x, const Table& as) {
  if (x.empty()) return make_table(0, state.vae->config().dims);
  return exclusively(state, [&] {
    const Vae& vae = *state.vae;
    const StoredBatches batches(state, x, 0);
    return means_of(state, x.count, [&](const Batch& batch, std::int64_t first) {
      batches.fill(batch, first);
      vae.encode(batch);
      if (as.rows > 0) vae.parts().condition.set(vae.run(), batch, as, first);
      vae.decode_mean(batch);
    });
  });
}

}  // namespace

Table Model::decode(const Table& z, std::span<const std::int32_t> labels) const {
  check_codes(z, latent());
  return decode_codes(*state_, z, network_conditions(*state_, z.rows, labels));
}

Table Model::decode(const Table& z, const Table& conditions) const {
  check_codes(z, latent());
  return decode_codes(*state_, z, network_conditions(*state_, z.rows, conditions));
}

Table Model::reconstruct(const Examples& x, std::span<const std::int32_t> as) const {
  return reconstruct_examples(*state_, x, as.empty() ? Table() : network_conditions(*state_, x.count, as));
}

Table Model::reconstruct(const Examples& x, const Table& as) const {
  return reconstruct_examples(*state_, x, network_conditions(*state_, x.count, as));
}

Table Model::reconstruct(const Table& x) const {
  check_table(x);
  return reconstruct(with_memory_errors([&] { return to_examples(x); }));
}

Table Model::sample(std::int64_t count, std::uint64_t seed, std::span<const std::int32_t> labels) const {
  return decode(prior_codes(count, seed, 0, labels), labels);
}

Table Model::sample(std::int64_t count, std::uint64_t seed, const Table& conditions) const {
  return decode(prior_codes(count, seed, 0, conditions), conditions);
}

}  // namespace elbo
