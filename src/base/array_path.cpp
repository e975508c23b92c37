#include "base/array_path.h"

#include <filesystem>

namespace elbo::data {

ArrayPath split_array_path(std::string_view name) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto colon = name.rfind(':');
  if (colon == name.npos || colon + 1 == name.size() || fs::exists(fs::path(name), error))
    return {std::string(name), {}};
  if (!fs::is_regular_file(fs::path(name.substr(0, colon)), error)) return {std::string(name), {}};
  return {std::string(name.substr(0, colon)), std::string(name.substr(colon + 1))};
}

}  // namespace elbo::data
