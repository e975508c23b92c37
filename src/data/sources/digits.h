#pragma once
// `digits`: handwritten-looking digits, drawn by strokes.

#include <cstdint>

#include "elbo/dataset.h"

namespace elbo::data {

inline constexpr std::int64_t kDigitTrainCount = 60000;
inline constexpr std::int64_t kDigitTestCount = 10000;

/// 28 × 28 grey pictures of the digits 0 to 9, equally likely, each written in one of several styles and then
/// slanted, rotated, scaled, shifted and wobbled at random. The dataset has labels and factors. The same seed
/// gives the same bytes on every machine.
Dataset digits(std::uint64_t seed, std::int64_t train_count = kDigitTrainCount,
               std::int64_t test_count = kDigitTestCount);

}  // namespace elbo::data
