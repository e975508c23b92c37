// math/conv2d_geometry.h: the pixels of a transpose's phases.

#include "math/conv2d_geometry.h"

#include <gtest/gtest.h>

#include "cases/conv2d.h"

namespace elbo::test {
namespace {

/// A transpose's phases contain every pixel once.
TEST(Conv2dGeometry, PhasesCoverEveryPixelOnce) {
  for (const auto& shape : awkward_convolutions()) {
    std::vector<int> pixels(static_cast<std::size_t>(shape.height * shape.width));
    for (std::int64_t phase = 0; phase < shape.stride * shape.stride; ++phase) {
      const auto grid = math::transpose_phase(shape, phase / shape.stride, phase % shape.stride).gemm.results;
      for (std::int64_t i = 0; i < grid.count(); ++i) {
        const std::int64_t y = grid.y + i / grid.cols * grid.step, x = grid.x + i % grid.cols * grid.step;
        ASSERT_TRUE(y >= 0 && y < shape.height && x >= 0 && x < shape.width);
        ++pixels[static_cast<std::size_t>(y * shape.width + x)];
      }
    }
    EXPECT_EQ(pixels, std::vector<int>(pixels.size(), 1));
  }
}

}  // namespace
}  // namespace elbo::test
