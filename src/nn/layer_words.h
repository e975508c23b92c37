#pragma once
// The words of a layer as a recipe has it: "32 k4 s2" of "conv 32 k4 s2".

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/dataset.h"

namespace elbo::nn {

/// The extents that a layer's sizes may have, so that no product of them overflows.
inline constexpr std::int64_t kMaxWidth = std::int64_t{1} << 24;
inline constexpr std::int64_t kMaxChannels = std::int64_t{1} << 16;
inline constexpr std::int64_t kMaxKernel = 255;

/// Takes them one by one. Each method throws ConfigError if a word is not what it asks for.
class LayerWords {
 public:
  explicit LayerWords(std::string_view text);

  /// Whether a word without letter is left: the next one of those below.
  bool has_next() const;
  /// The next word: a whole number from 1 to `max`. `what` it is, for errors: "channels".
  std::int64_t whole(std::string_view what, std::int64_t max);
  /// The next word: a number in [low, high).
  double number(std::string_view what, double low, double high);
  /// The next word: one of `known`.
  std::string_view one_of(std::string_view what, std::span<const std::string_view> known);
  /// The next word: "4x4x64", height, width and channels, together at most kMaxWidth values.
  PictureShape picture();
  /// The number of a word that begins with `letter`, as 4 of "k4", from `min` to `max`; `otherwise` where
  /// there is none.
  std::int64_t option(char letter, std::int64_t otherwise, std::int64_t min, std::int64_t max);

  /// Throws ConfigError if a word was not taken.
  void finish() const;

 private:
  std::string take(std::string_view what);

  std::vector<std::string> words_;
};

}  // namespace elbo::nn
