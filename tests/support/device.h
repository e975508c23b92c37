#pragma once
// The device a test runs on: $ELBO_TEST_DEVICE (cpu, cuda), set by CTest per build; the CPU where it is
// unset.

#include <gtest/gtest.h>

#include <cstdlib>

#include "runtime/context.h"

namespace elbo::test {

/// The device under test.
inline Device device() {
  const char* name = std::getenv("ELBO_TEST_DEVICE");
  return Device::parse(name ? name : "cpu");
}

/// Whether the device under test is present; a GPU may not be.
inline bool device_present() {
  for (const auto& info : devices()) {
    if (info.device == device()) return true;
  }
  return false;
}

}  // namespace elbo::test

/// Skips the test, saying why, where the device under test is not on this machine.
#define ELBO_REQUIRE_DEVICE()                                                       \
  do {                                                                              \
    if (!::elbo::test::device_present()) {                                          \
      GTEST_SKIP() << "no " << ::elbo::test::device().name() << " on this machine"; \
    }                                                                               \
  } while (false)
