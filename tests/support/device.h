#pragma once
// The device a test runs on: $ELBO_TEST_DEVICE (cpu, cuda), set by CTest per build; the CPU if unset. With
// $ELBO_REQUIRE_TEST_DEVICE it must be present, so that its tests cannot pass by not running.

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

/// Skips the test, with a reason, if the device under test is not on this machine; fails it if the device is
/// required.
#define ELBO_REQUIRE_DEVICE()                                                       \
  do {                                                                              \
    if (!::elbo::test::device_present()) {                                          \
      ASSERT_EQ(std::getenv("ELBO_REQUIRE_TEST_DEVICE"), nullptr)                   \
          << "no " << ::elbo::test::device().name() << " is usable";                \
      GTEST_SKIP() << "no " << ::elbo::test::device().name() << " on this machine"; \
    }                                                                               \
  } while (false)

/// Skips the test if the CPU is under test, and like ELBO_REQUIRE_DEVICE.
#define ELBO_REQUIRE_GPU_UNDER_TEST()                                                   \
  do {                                                                                  \
    if (!::elbo::test::device().is_cuda()) GTEST_SKIP() << "the GPU is not under test"; \
    ELBO_REQUIRE_DEVICE();                                                              \
  } while (false)
