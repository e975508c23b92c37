#pragma once

#include "elbo/export.h"

namespace elbo {

/// The library's version, "major.minor.patch".
ELBO_API const char* version() noexcept;

}  // namespace elbo
