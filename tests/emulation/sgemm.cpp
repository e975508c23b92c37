#include "sgemm.h"

#include <algorithm>
#include <vector>

namespace elbo::emulation {
namespace {

// Size of a tile of c, whose sums stay in registers.
constexpr std::int64_t kRows = 8, kCols = 4;

/// Packs rows row … row + kRows − 1 of a column by column; rows past the end are 0.
void pack_rows(float* packed, const Factor& a, std::int64_t row, std::int64_t rows, std::int64_t k) {
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t r = 0; r < kRows; ++r) packed[i * kRows + r] = r < rows ? a.at(row + r, i) : 0.0f;
  }
}

/// Packs columns col … col + kCols − 1 of b row by row; columns past the end are 0.
void pack_cols(float* packed, const Factor& b, std::int64_t col, std::int64_t cols, std::int64_t k) {
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t j = 0; j < kCols; ++j) packed[i * kCols + j] = j < cols ? b.at(i, col + j) : 0.0f;
  }
}

struct Tile {
  float sums[kCols][kRows] = {};

  void add(const float* left, const float* right, std::int64_t k) {
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t j = 0; j < kCols; ++j) {
        for (std::int64_t r = 0; r < kRows; ++r) sums[j][r] += left[i * kRows + r] * right[i * kCols + j];
      }
    }
  }
};

}  // namespace

void sgemm(std::int64_t m, std::int64_t n, std::int64_t k, float alpha, const Factor& a, const Factor& b,
           float beta, float* c, std::int64_t leading) {
  std::vector<float> left(static_cast<std::size_t>((m + kRows - 1) / kRows * kRows * k));
  for (std::int64_t row = 0; row < m; row += kRows)
    pack_rows(left.data() + row * k, a, row, std::min(kRows, m - row), k);
  std::vector<float> right(static_cast<std::size_t>(kCols * k));
  for (std::int64_t col = 0; col < n; col += kCols) {
    const std::int64_t cols = std::min(kCols, n - col);
    pack_cols(right.data(), b, col, cols, k);
    for (std::int64_t row = 0; row < m; row += kRows) {
      Tile tile;
      tile.add(left.data() + row * k, right.data(), k);
      for (std::int64_t j = 0; j < cols; ++j) {
        for (std::int64_t r = 0; r < std::min(kRows, m - row); ++r) {
          float& to = c[row + r + leading * (col + j)];
          to = alpha * tile.sums[j][r] + (beta == 0.0f ? 0.0f : beta * to);
        }
      }
    }
  }
}

}  // namespace elbo::emulation
