#include "vae/likelihood/likelihood.h"

namespace elbo {
namespace {

/// Counts vary over orders of magnitude: the encoder reads log(1 + x).
class Counts final : public FormulaLikelihood {
 public:
  explicit Counts(const ModelConfig& config) : FormulaLikelihood(config) {}

  std::unique_ptr<Input> make_input(const ModelConfig& config) const override {
    return make_column_input(
        config, std::vector<ColumnForm>(static_cast<std::size_t>(config.dims), ColumnForm{.log = true}));
  }
};

}  // namespace

std::unique_ptr<Likelihood> make_counts(const ModelConfig& config) {
  return std::make_unique<Counts>(config);
}

}  // namespace elbo
