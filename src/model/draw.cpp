// elbo::Model::draw: data from p(x|z).

#include <cmath>
#include <span>
#include <vector>

#include "elbo/model.h"
#include "evaluation/decoded_value.h"
#include "evaluation/evaluation_batches.h"
#include "ops/host_noise.h"
#include "model/state.h"
#include "model/table_batches.h"
#include "base/check.h"

namespace elbo {
namespace {

/// Draws rows of values from the decoder's outputs, which stand P·dims in a row.
class RowDrawer {
 public:
  RowDrawer(const Vae& vae, std::uint64_t seed)
      : kind_(vae.config().likelihood),
        constants_(vae.host_constants()),
        dims_(vae.config().dims),
        seed_(seed) {}

  /// Row `number` of all, which is what its noise goes by.
  void draw(std::span<float> row, const float* outputs, std::int64_t number) const {
    switch (kind_) {
#define ELBO_CASE(kind, Likelihood) \
  case LikelihoodKind::kind:        \
    return draw_by(math::settled(math::Likelihood(constants_)), row, outputs, number);
      ELBO_LIKELIHOODS(ELBO_CASE)
#undef ELBO_CASE
      case LikelihoodKind::categorical:
        return draw_classes(row, outputs, number);
    }
  }

 private:
  template <class Likelihood>
  void draw_by(const Likelihood& likelihood, std::span<float> row, const float* outputs,
               std::int64_t number) const {
    (Likelihood::kDrawsNormal ? fill_normal : fill_uniform)(row, seed_, NoisePurpose::likelihood_sample,
                                                            number, 0);
    for (std::int64_t j = 0; j < dims_; ++j) {
      float& value = row[static_cast<std::size_t>(j)];
      value = likelihood.draw(DecodedValue<Likelihood>(outputs + j, dims_).parameters, value);
    }
  }

  // The first class up to which the probabilities exceed a uniform number.
  void draw_classes(std::span<float> row, const float* outputs, std::int64_t number) const {
    const math::Categorical likelihood(constants_);
    fill_uniform(row, seed_, NoisePurpose::likelihood_sample, number, 0);
    for (std::int64_t j = 0; j < dims_; ++j) {
      const DecodedLogits logit{outputs + j, dims_};
      const auto softmax = likelihood.softmax(0.0, logit);  // of any class: none is asked for
      const double most = likelihood.most(softmax);
      float& value = row[static_cast<std::size_t>(j)];
      double left = value;
      int drawn = 0;
      for (; drawn < likelihood.classes - 1; ++drawn) {
        left -= likelihood.probability(softmax, most, logit(drawn));
        if (left < 0.0) break;
      }
      value = std::isnan(left) ? kNotANumber : static_cast<float>(drawn);
    }
  }

  LikelihoodKind kind_;
  LikelihoodConstants constants_;
  std::int64_t dims_;
  std::uint64_t seed_;
};

}  // namespace

Table Model::draw(const Table& z, std::uint64_t seed, std::int64_t first_row) {
  const Vae& vae = *state_->vae;
  if (!vae.config().variational) throw ConfigError("an autoencoder has no p(x|z) to draw data from");
  ELBO_CHECK(first_row >= 0, ShapeError, "rows were numbered from ", first_row);
  check_codes(z, vae.config().latent);
  Table result{z.rows, dims(), std::vector<float>(static_cast<std::size_t>(z.rows * dims()))};
  const RowDrawer drawer(vae, seed);
  HostCopies copies(*state_->context);
  std::vector<float> outputs;
  for_each_chunk(vae, z.rows, [&](const Activations& a, std::int64_t first) {
    decode_rows(vae, a, z, first);
    const MatrixView<const float> decoded = a.decoder.back().y;
    copies.request(outputs, decoded.data, (a.rows - 1) * decoded.stride + decoded.cols);
    copies.wait();
#pragma omp parallel for schedule(static) num_threads(state_->context->threads())
    for (std::int64_t i = 0; i < a.rows; ++i) {
      const std::span row(result.values.data() + (first + i) * dims(), static_cast<std::size_t>(dims()));
      drawer.draw(row, outputs.data() + i * decoded.stride, first_row + first + i);
      state_->to_own_scale(row);
    }
  });
  return result;
}

}  // namespace elbo
