#include <algorithm>

#include "ops/product_plan.h"

namespace elbo::ops {

ProductPlan ProductChoices::plan(const ProductKey& key, const ProductLimits& limits) {
  if (std::ranges::find(asked_, key) == asked_.end()) asked_.push_back(key);
  const auto found = settled_.find(key.name());
  return found == settled_.end() ? choose_product(key, limits) : found->second;
}

void ProductChoices::settle(const ProductKey& key, const ProductPlan& plan) {
  settled_[key.name()] = plan;
}

std::map<std::string, std::string> ProductChoices::names() const {
  std::map<std::string, std::string> names;
  for (const auto& [product, plan] : settled_) names[product] = plan.name();
  return names;
}

ProductPlan planned_product(const Context& context, const ProductKey& key, const ProductLimits& limits) {
  auto* const choices = static_cast<ProductChoices*>(context.kernel_choices());
  return choices ? choices->plan(key, limits) : choose_product(key, limits);
}

}  // namespace elbo::ops
