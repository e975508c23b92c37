#include <algorithm>

#include "ops/gemm_plan.h"

namespace elbo::ops {

GemmPlan GemmChoices::plan(const GemmKey& key, const GemmLimits& limits) {
  if (std::ranges::find(asked_, key) == asked_.end()) asked_.push_back(key);
  const auto found = settled_.find(key.name());
  return found == settled_.end() ? choose_gemm(key, limits) : found->second;
}

void GemmChoices::settle(const GemmKey& key, const GemmPlan& plan) {
  settled_[key.name()] = plan;
}

std::map<std::string, std::string> GemmChoices::names() const {
  std::map<std::string, std::string> names;
  for (const auto& [gemm, plan] : settled_) names[gemm] = plan.name();
  return names;
}

GemmPlan planned_gemm(const Context& context, const GemmKey& key, const GemmLimits& limits) {
  auto* const choices = static_cast<GemmChoices*>(context.kernel_choices());
  return choices ? choices->plan(key, limits) : choose_gemm(key, limits);
}

}  // namespace elbo::ops
