#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "emulation/checker.h"

namespace elbo::test {

/// Whether a report contains all `parts`; for a part "a|b", either suffices.
inline testing::AssertionResult says(const std::string& report,
                                     std::initializer_list<std::string_view> parts) {
  for (std::string_view part : parts) {
    bool found = false;
    for (std::string_view rest = part;;) {
      const auto bar = rest.find('|');
      found = found || report.find(rest.substr(0, bar)) != std::string::npos;
      if (bar == std::string_view::npos) break;
      rest.remove_prefix(bar + 1);
    }
    if (!found) return testing::AssertionFailure() << "no \"" << part << "\" in \"" << report << "\"";
  }
  return testing::AssertionSuccess();
}

}  // namespace elbo::test

/// Begins a test of errors that only the checker finds.
#if defined(__SANITIZE_ADDRESS__)
#define ELBO_NEEDS_CHECKER() GTEST_SKIP() << "kernels have ASan in place of the emulation's checker"
#else
#define ELBO_NEEDS_CHECKER() ASSERT_TRUE(emulation::checking())
#endif
