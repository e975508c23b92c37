#pragma once
// Paths of files outside the test program: the command, the recipes' files, elbo's sources. In a bundle
// (tools/bundle.sh) the program is in bin/ beside the command, with recipes/ above and no sources.

#include <gtest/gtest.h>

#include <filesystem>

namespace elbo::test {

/// Whether this program runs from a bundle.
bool in_bundle();

/// The elbo command of the same build.
std::filesystem::path command_file();

/// The library of tests/faults/shim.cpp, and the program of tests/faults/embedded.cpp; empty if this build
/// has none.
std::filesystem::path fault_shim();
std::filesystem::path embedded_program();

/// The folder with recipes/ and, except in a bundle, the sources.
std::filesystem::path project_folder();

}  // namespace elbo::test

/// Skips a test that reads elbo's sources if there are none.
#define ELBO_REQUIRE_SOURCES()                                                     \
  do {                                                                             \
    if (::elbo::test::in_bundle()) {                                               \
      GTEST_SKIP() << "reads elbo's sources, which a bundle does not bring along"; \
    }                                                                              \
  } while (false)
