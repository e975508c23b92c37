#include "elbo/precision.h"

#include <iterator>

#include "base/check.h"

namespace elbo {
namespace {

constexpr std::string_view kNames[] = {"fp32", "tf32", "bf16"};

}  // namespace

std::string_view precision_name(Precision precision) noexcept {
  return kNames[static_cast<int>(precision)];
}

Precision parse_precision(std::string_view text) {
  for (int i = 0; i < static_cast<int>(std::size(kNames)); ++i) {
    if (text == kNames[i]) return static_cast<Precision>(i);
  }
  throw ConfigError(concat("precision \"", text, "\" is not known: use fp32, tf32 or bf16."));
}

Precision default_training_precision(Device device) noexcept {
  return device.is_cuda() ? Precision::tf32 : Precision::fp32;
}

}  // namespace elbo
