// The latents by the values of model.kind.

#include "base/table.h"
#include "vae/latent/latent.h"

namespace elbo {
namespace {

struct Line {
  std::string_view name;
  std::unique_ptr<Latent> (*make)(const ModelConfig&);
};

constexpr Line kTable[] = {
    {"vae", make_gaussian_latent},
    {"autoencoder", make_point_latent},
};

}  // namespace

std::unique_ptr<Latent> make_latent(const ModelConfig& config) {
  return line_named<Line>(kTable, "model.kind", config.kind).make(config);
}

}  // namespace elbo
