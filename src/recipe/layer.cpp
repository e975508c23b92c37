#include <charconv>
#include <ostream>

#include "elbo/recipe.h"
#include "base/text.h"
#include "recipe/keys.h"

namespace elbo {

Layer::Layer(std::string_view text) {
  for (const std::string_view word : data::words(text)) {
    if (!text_.empty()) text_ += ' ';
    text_ += word;
  }
  if (const auto whole = width()) text_ = std::to_string(*whole);  // 007 is not a TOML number
}

std::optional<std::int64_t> Layer::width() const {
  std::int64_t width = 0;
  const char* const end = text_.data() + text_.size();
  const auto [stopped, error] = std::from_chars(text_.data(), end, width);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return width;
}

std::string Layer::to_toml() const {
  return width() ? text_ : quote_toml(text_);
}

std::ostream& operator<<(std::ostream& out, const Layer& layer) {
  return out << layer.to_toml();
}

}  // namespace elbo
