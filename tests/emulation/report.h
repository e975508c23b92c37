#pragma once
// Errors found by the emulation: a CUDA error code with a report in words.

#include <sstream>
#include <string>
#include <string_view>

#include "emulation/types.h"

namespace elbo::emulation {

/// The outcome of one piece of work.
struct Outcome {
  cudaError_t error = cudaSuccess;
  std::string report;

  explicit operator bool() const { return error == cudaSuccess; }
};

/// A failed outcome, with a report made by operator<<.
template <class... Parts>
Outcome failure(cudaError_t error, const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return {error, out.str()};
}

/// "kernels/adam.cu:42", without the folders above the project.
inline std::string place(const char* file, int line) {
  std::string_view name = file;
  for (std::string_view root : {"/kernels/", "/src/", "/tests/"}) {
    if (const auto at = name.rfind(root); at != std::string_view::npos) {
      name.remove_prefix(at + 1);
      break;
    }
  }
  return std::string(name) + ":" + std::to_string(line);
}

template <class Dimensions>
std::string triple(const Dimensions& d) {
  std::ostringstream out;
  out << '(' << d.x << ", " << d.y << ", " << d.z << ')';
  return out.str();
}

}  // namespace elbo::emulation
