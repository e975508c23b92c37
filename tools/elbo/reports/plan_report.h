#pragma once
// elbo info --plan

#include <string>
#include <vector>

namespace elbo::command {

struct PlanOptions {
  std::string recipe;
  std::string device = "auto";
  std::vector<std::string> settings;  ///< "key=value"
};

/// Measures a step of the recipe's training and prints it op by op. Returns the exit code; throws elbo's
/// errors.
int run_plan(const PlanOptions& options, bool json);

}  // namespace elbo::command
