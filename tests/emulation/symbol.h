#pragma once

#include <string>

namespace elbo::emulation {

/// A place in the program's code in words: "at kernels/adam.cu:42" if addr2line and debug lines are
/// available, else a function or an address.
std::string symbolize(const void* code);

}  // namespace elbo::emulation
