#pragma once

#include <string>

namespace elbo::emulation {

/// A place in the program's code in words: "at kernels/adam.cu:42" where addr2line and debugging lines are
/// there, a function or an address elsewhere.
std::string symbolize(const void* code);

}  // namespace elbo::emulation
