#include "recipe/bounds.h"

#include <charconv>
#include <cmath>

namespace elbo {

bool Bounds::contain(double value) const {
  return std::isfinite(value) && (low_allowed ? value >= low : value > low) &&
         (high_allowed ? value <= high : value < high);
}

std::string Bounds::describe() const {
  std::string text;
  if (std::isfinite(low)) text += (low_allowed ? "at least " : "above ") + shortest(low);
  if (std::isfinite(high)) {
    text +=
        (text.empty() ? "" : " and ") + std::string(high_allowed ? "at most " : "below ") + shortest(high);
  }
  return text.empty() ? "finite" : text;
}

std::string shortest(double value) {
  if (std::abs(value) < 1e15 && value == std::floor(value)) return std::to_string(std::llround(value));
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return {digits, end};
}

}  // namespace elbo
