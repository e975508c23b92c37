// The objectives by the values of objective.kind.

#include "base/table.h"
#include "vae/objective/objective.h"

namespace elbo {
namespace {

struct Line {
  std::string_view name;
  std::unique_ptr<Objective> (*make)(const ModelConfig&);
};

constexpr Line kTable[] = {
    {"elbo", make_elbo},
    {"iwae", make_importance_weighted},
};

}  // namespace

std::unique_ptr<Objective> make_objective(const ModelConfig& config) {
  return line_named<Line>(kTable, "objective.kind", config.objective.kind).make(config);
}

}  // namespace elbo
