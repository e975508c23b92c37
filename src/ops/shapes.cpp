#include "ops/shapes.h"

#include "base/check.h"

namespace elbo::ops {

std::string shape(std::int64_t size) {
  return concat("[", size, "]");
}

std::string shape(std::int64_t rows, std::int64_t cols) {
  return concat("[", rows, ", ", cols, "]");
}

void throw_shape_error(const char* op, const char* name, const std::string& given, const std::string& needed,
                       const std::source_location& where) {
  throw ShapeError(
      concat(op, ": ", name, " is ", given, " where ", needed, " is needed (", place(where), ")"));
}

}  // namespace elbo::ops
