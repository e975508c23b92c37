#include "base/check.h"

#include <string_view>

namespace elbo {

std::string place(const std::source_location& where) {
  std::string_view file = where.file_name();
  for (std::string_view root : {"/src/", "/kernels/", "/tests/", "/tools/"}) {
    if (auto at = file.rfind(root); at != std::string_view::npos) {
      file.remove_prefix(at + 1);
      break;
    }
  }
  return concat(file, ":", where.line());
}

std::string describe_failure(const std::string& message, const char* expression,
                             const std::source_location& where) {
  return concat(message, ": `", expression, "` failed (", place(where), ")");
}

}  // namespace elbo
