#pragma once

namespace elbo {

/// The library's version, "major.minor.patch".
const char* version() noexcept;

}  // namespace elbo
