#pragma once
// A model's training examples on its device, as a training has them.

#include "model/conditions.h"
#include "model/state.h"

namespace elbo::test {

inline data::ResidentData resident_of(const Model& model, const Examples& train) {
  data::Standardization statistics;
  add_condition_statistics(state_of(model), train, statistics);
  return resident_data(state_of(model), statistics, train);
}

}  // namespace elbo::test
