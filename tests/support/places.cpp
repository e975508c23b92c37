#include "support/places.h"

namespace elbo::test {
namespace {

/// The bundle's folder, if this program runs from one; else empty.
std::filesystem::path bundle() {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
  return std::filesystem::exists(folder / "bundle.json") ? folder : std::filesystem::path();
}

}  // namespace

bool in_bundle() {
  return !bundle().empty();
}

std::filesystem::path command_file() {
  return in_bundle() ? bundle() / "bin" / "elbo" : std::filesystem::path(ELBO_COMMAND);
}

std::filesystem::path fault_shim() {
  return in_bundle() ? std::filesystem::path() : std::filesystem::path(ELBO_FAULT_SHIM);
}

std::filesystem::path embedded_program() {
  return in_bundle() ? std::filesystem::path() : std::filesystem::path(ELBO_EMBEDDED);
}

std::filesystem::path project_folder() {
  return in_bundle() ? bundle() : std::filesystem::path(ELBO_SOURCE_DIR);
}

}  // namespace elbo::test
