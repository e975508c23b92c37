#pragma once
// CPU code is compiled once per instruction set; a machine runs the best one, and tests run all of them.

#include <gtest/gtest.h>

#include <hwy/highway.h>

namespace elbo::test {

/// Runs `use` with each instruction set that this build has and this machine can run, best first.
template <class Use>
void for_each_instruction_set(Use use) {
  const auto targets = hwy::SupportedAndGeneratedTargets();
  EXPECT_FALSE(targets.empty());
  for (const auto target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    use();
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace elbo::test
