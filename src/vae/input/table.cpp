// objective.corruption: what the encoder sees of the values while training.

#include "recipe/choices.h"

namespace elbo {
namespace {

constexpr std::string_view kAmount[] = {"objective.corruption_amount"};

constexpr Choice kCorruptions[] = {{"none"}, {"gaussian", kAmount}, {"masking", kAmount}};

}  // namespace

std::span<const Choice> corruption_choices() {
  return kCorruptions;
}

}  // namespace elbo
