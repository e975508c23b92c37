// model.prior: p(z).

#include "recipe/choices.h"

namespace elbo {
namespace {

constexpr Choice kPriors[] = {{"normal"}};

}  // namespace

std::span<const Choice> prior_choices() {
  return kPriors;
}

}  // namespace elbo
