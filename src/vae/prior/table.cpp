// The priors by the values of model.prior.

#include "base/table.h"
#include "vae/prior/prior.h"

namespace elbo {
namespace {

struct Line {
  std::string_view name;
  std::unique_ptr<Prior> (*make)(const ModelConfig&);
};

constexpr Line kTable[] = {
    {"normal", make_standard_normal},
};

}  // namespace

std::unique_ptr<Prior> make_prior(const ModelConfig& config) {
  return line_named<Line>(kTable, "model.prior", config.prior).make(config);
}

}  // namespace elbo
