#pragma once
// The words of a layer's text in a recipe: "32 k4 s2" in "conv 32 k4 s2".

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/dataset.h"

namespace elbo::nn {

/// Bounds of a layer's sizes, so that no product of them overflows.
inline constexpr std::int64_t kMaxWidth = std::int64_t{1} << 24;
inline constexpr std::int64_t kMaxChannels = std::int64_t{1} << 16;
inline constexpr std::int64_t kMaxKernel = 255;

/// Takes the words one by one. Each method throws ConfigError if the next word does not fit.
class LayerWords {
 public:
  explicit LayerWords(std::string_view text);

  /// Whether a word is left that is not an option.
  bool has_next() const;
  /// The next word: a whole number from 1 to `max`. `what` names it in errors: "channels".
  std::int64_t whole(std::string_view what, std::int64_t max);
  /// The next word: a number in [low, high).
  double number(std::string_view what, double low, double high);
  /// The next word: one of `known`.
  std::string_view one_of(std::string_view what, std::span<const std::string_view> known);
  /// The next word: "4x4x64", height, width and channels, together at most kMaxWidth values.
  PictureShape picture();
  /// The number after `letter`, such as 4 in "k4", from `min` to `max`; `otherwise` if no word begins with
  /// the letter.
  std::int64_t option(char letter, std::int64_t otherwise, std::int64_t min, std::int64_t max);

  /// Throws ConfigError if a word is left.
  void finish() const;

 private:
  std::string take(std::string_view what);

  std::vector<std::string> words_;
};

}  // namespace elbo::nn
