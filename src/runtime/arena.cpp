#include "runtime/arena.h"

#include "base/check.h"

namespace elbo {

std::byte* Arena::take(std::size_t bytes) {
  const std::size_t offset = used_;
  used_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
  if (memory_.size() == 0) return nullptr;
  ELBO_CHECK(used_ <= static_cast<std::size_t>(memory_.size()), DeviceError, "arena asked for ", used_,
             " bytes but was measured for ", memory_.size());
  return memory_.data() + offset;
}

}  // namespace elbo
