// The intended backend runs.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "elbo/error.h"
#include "runtime/buffer.h"
#include "support/device.h"

#if ELBO_HAS_CUDA && !ELBO_EMULATE
#include <cuda_runtime.h>
#endif

namespace elbo {
namespace {

TEST(WhichBackend, BuildSupportsWhatItWasConfiguredFor) {
  const std::string mode = ELBO_CUDA_MODE;
  EXPECT_EQ(cuda_support_name(cuda_support()), mode == "CUDA"      ? "cuda"
                                               : mode == "EMULATE" ? "emulated"
                                                                   : "none");
}

TEST(WhichBackend, ContextIsOnTheDeviceUnderTest) {
  ELBO_REQUIRE_DEVICE();
  Context context(test::device());
  EXPECT_EQ(context.device(), test::device());
  EXPECT_EQ(context.is_cuda(), test::device().is_cuda());
}

TEST(WhichBackend, EmulatedBuildTestsTheKernels) {
  if (cuda_support() != CudaSupport::emulated) GTEST_SKIP() << "not an emulated build";
  ASSERT_NE(std::getenv("ELBO_TEST_DEVICE"), nullptr) << "run this through ctest";
  EXPECT_TRUE(test::device().is_cuda());
  EXPECT_NE(devices().back().description.find("emulated"), std::string::npos);
}

#if ELBO_HAS_CUDA && !ELBO_EMULATE
TEST(WhichBackend, CudaBuildRunsOnTheGpu) {
  ELBO_REQUIRE_GPU_UNDER_TEST();
  Context context(test::device());
  const Buffer<float> buffer(context, 3);
  cudaPointerAttributes where{};
  ASSERT_EQ(cudaPointerGetAttributes(&where, buffer.data()), cudaSuccess);
  EXPECT_EQ(where.type, cudaMemoryTypeDevice);
  EXPECT_EQ(where.device, test::device().index);
  cudaDeviceProp properties{};
  ASSERT_EQ(cudaGetDeviceProperties(&properties, test::device().index), cudaSuccess);
  EXPECT_GE(properties.major, 8);
  const auto present = devices();
  const auto found = std::find_if(present.begin(), present.end(),
                                  [](const DeviceInfo& info) { return info.device == test::device(); });
  ASSERT_NE(found, present.end());
  EXPECT_NE(found->description.find(properties.name), std::string::npos) << found->description;
  EXPECT_EQ(found->description.find("emulated"), std::string::npos) << found->description;
}
#endif

TEST(WhichBackend, CudaWithoutSupportIsRefused) {
  if (cuda_support() != CudaSupport::none) GTEST_SKIP() << "this build has CUDA";
  try {
    Context context(Device::cuda(0));
    FAIL() << "a CUDA context was made by a build without CUDA";
  } catch (const DeviceError& error) {
    EXPECT_NE(std::string(error.what()).find("cuda:0"), std::string::npos);
  }
}

TEST(WhichBackend, UnknownDeviceIsRefused) {
  EXPECT_THROW(Device::parse("gpu0"), ConfigError);
}

}  // namespace
}  // namespace elbo
