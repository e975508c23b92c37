// The plans of products on a GPU, in a checkpoint and in the cache.

#include "fuzz/target.h"
#include "train/gemm_plans.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(plans) {
  const StoredPlans plans = StoredPlans::from_text(std::string(input));
  const StoredPlans again = StoredPlans::from_text(plans.to_text());
  require(again.device == plans.device && again.plans == plans.plans, "plans read back equal");
}

}  // namespace elbo::fuzz
