#include "elbo/version.h"

namespace elbo {

const char* version() noexcept {
  return ELBO_VERSION;
}

}  // namespace elbo
