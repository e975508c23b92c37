#include "nn/layer_words.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"

namespace elbo::nn {
namespace {

template <class Number>
std::optional<Number> number_of(std::string_view word) {
  Number value = 0;
  const char* const end = word.data() + word.size();
  const auto [stopped, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::int64_t whole_of(std::string_view word, std::string_view what, std::int64_t min, std::int64_t max) {
  const auto value = number_of<std::int64_t>(word);
  if (value && *value >= min && *value <= max) return *value;
  throw ConfigError(concat("its ", what, " cannot be \"", word, "\", but must be a whole number from ", min,
                           " to ", max, "."));
}

/// Whether the word is an option that begins with this letter.
bool is_option(std::string_view word, char letter) {
  return word.size() > 1 && word[0] == letter && word.find_first_not_of("0123456789", 1) == std::string::npos;
}

}  // namespace

LayerWords::LayerWords(std::string_view text) {
  for (const std::string_view word : data::words(text)) words_.emplace_back(word);
}

bool LayerWords::has_next() const {
  return !words_.empty();
}

std::string LayerWords::take(std::string_view what) {
  if (words_.empty()) throw ConfigError(concat("its ", what, " is missing."));
  std::string word = std::move(words_.front());
  words_.erase(words_.begin());
  return word;
}

std::int64_t LayerWords::whole(std::string_view what, std::int64_t max) {
  return whole_of(take(what), what, 1, max);
}

double LayerWords::number(std::string_view what, double low, double high) {
  const std::string word = take(what);
  const auto value = number_of<double>(word);
  if (value && *value >= low && *value < high) return *value;
  throw ConfigError(concat("its ", what, " cannot be \"", word, "\", but must be a number of at least ", low,
                           " and below ", high, "."));
}

std::string_view LayerWords::one_of(std::string_view what, std::span<const std::string_view> known) {
  const std::string word = take(what);
  const auto found = std::ranges::find(known, word);
  if (found != known.end()) return *found;
  throw ConfigError(concat("its ", what, " cannot be \"", word, "\"; ",
                           nearest_hint(word, std::vector<std::string>(known.begin(), known.end()))));
}

PictureShape LayerWords::picture() {
  const std::string word = take("shape");
  std::vector<std::int64_t> extents;
  for (const std::string_view extent : data::pieces(word, 'x')) {
    extents.push_back(whole_of(extent, "shape", 1, kMaxChannels));
  }
  if (extents.size() != 3 || word.ends_with('x') || extents[0] * extents[1] * extents[2] > kMaxWidth) {
    throw ConfigError(concat("its shape cannot be \"", word,
                             "\", but must be height, width and channels, as in 4x4x64, of at most ",
                             kMaxWidth, " values."));
  }
  return {.height = extents[0], .width = extents[1], .channels = extents[2]};
}

std::int64_t LayerWords::option(char letter, std::int64_t otherwise, std::int64_t min, std::int64_t max) {
  const auto found = std::ranges::find_if(words_, [&](const auto& word) { return is_option(word, letter); });
  if (found == words_.end()) return otherwise;
  const std::int64_t value = whole_of(std::string_view(*found).substr(1), std::string(1, letter), min, max);
  words_.erase(found);
  return value;
}

void LayerWords::finish() const {
  if (words_.empty()) return;
  throw ConfigError(concat("it has no use for \"", words_.front(), "\"."));
}

}  // namespace elbo::nn
