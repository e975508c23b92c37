// objective.kind: what a training maximises.

#include "recipe/choices.h"

namespace elbo {
namespace {

// The importance-weighted bound has no KL whose cost they could change.
constexpr std::string_view kOfElbo[] = {"objective.free_bits", "objective.capacity"};

constexpr Choice kObjectives[] = {{"elbo", kOfElbo}, {"iwae"}};

}  // namespace

std::span<const Choice> objective_choices() {
  return kObjectives;
}

}  // namespace elbo
