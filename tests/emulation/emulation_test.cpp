// The emulation reports each mistake planted in a small kernel with a helpful message, and does not report
// its correct twin.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <numeric>

#include "elbo/error.h"
#include "emulation/executor.h"
#include "emulation/planted.h"
#include "emulation/says.h"
#include "runtime/buffer.h"

namespace elbo::test {
namespace {

class Emulation : public testing::Test {
 protected:
  CudaState& state() { return context.cuda(); }

  /// The error of `work`, at its launch or while waiting for it; empty if it succeeds.
  std::string report(const std::function<void()>& work) {
    try {
      work();
      context.synchronize();
    } catch (const DeviceError& error) {
      return error.what();
    }
    return "";
  }
  Buffer<float> ramp(std::int64_t size) {
    std::vector<float> values(static_cast<std::size_t>(size));
    std::iota(values.begin(), values.end(), 0.0f);
    return Buffer<float>(context, std::span<const float>(values));
  }
  Buffer<float> zeros(std::int64_t size) {
    Buffer<float> buffer(context, size);
    buffer.fill_zero();
    return buffer;
  }

  Context context{Device::cuda(0)};
};

TEST_F(Emulation, TheGpuSaysWhatItIs) {
  bool found = false;
  for (const auto& info : devices()) {
    if (info.device.is_cuda()) {
      found = true;
      EXPECT_TRUE(says(info.description, {"emulated"}));
    }
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(cuda_support(), CudaSupport::emulated);
  EXPECT_EQ(Device::automatic(), Device::cpu());
}

// Barriers and races.

TEST_F(Emulation, MissingBarrierIsARace) {
  ELBO_NEEDS_CHECKER();
  auto x = ramp(192);
  Buffer<float> y(context, 192);
  EXPECT_EQ(report([&] { rotate(state(), y.view(), std::as_const(x).view(), true); }), "");
  std::vector<float> expected(192);
  for (std::size_t i = 0; i < 192; ++i) expected[i] = static_cast<float>(i / 64 * 64 + (i + 1) % 64);
  EXPECT_EQ(y.to_host(), expected);
  // Either order of the two accesses is a mistake: a read before the write, or a race.
  EXPECT_TRUE(says(report([&] { rotate(state(), y.view(), std::as_const(x).view(), false); }),
                   {"race|uninitialised", "of shared memory", "thread (", "planted.cu"}));
}

TEST_F(Emulation, MissingBarrierShowsWithoutTheChecker) {
  if (std::getenv("ELBO_EMULATION_VERIFY")) GTEST_SKIP() << "every launch is verified";
  auto x = ramp(64);
  Buffer<float> y(context, 64);
  EXPECT_EQ(report([&] { plain_rotate(state(), y.view(), std::as_const(x).view(), true); }), "");
  // Shared memory is poisoned: a value that was not written yet is NaN.
  EXPECT_EQ(report([&] { plain_rotate(state(), y.view(), std::as_const(x).view(), false); }), "");
  const auto values = y.to_host();
  EXPECT_TRUE(std::any_of(values.begin(), values.end(), [](float v) { return std::isnan(v); }));
  // Opposite orders leave different bytes.
  const emulation::VerifyScope verify;
  EXPECT_EQ(report([&] { plain_rotate(state(), y.view(), std::as_const(x).view(), true); }), "");
  EXPECT_TRUE(says(report([&] { plain_rotate(state(), y.view(), std::as_const(x).view(), false); }),
                   {"depends on the order", "planted.cu"}));
}

TEST_F(Emulation, WarpCollectivesOrderTheirLanes) {
  ELBO_NEEDS_CHECKER();
  auto x = ramp(64);
  Buffer<float> y(context, 64);
  EXPECT_EQ(report([&] { rotate_warps(state(), y.view(), std::as_const(x).view(), true); }), "");
  EXPECT_TRUE(says(report([&] { rotate_warps(state(), y.view(), std::as_const(x).view(), false); }),
                   {"race|uninitialised"}));
}

TEST_F(Emulation, CrossBlockRace) {
  ELBO_NEEDS_CHECKER();
  auto x = ramp(5);
  auto sum = zeros(1);
  EXPECT_TRUE(says(report([&] { add_blocks(state(), sum.data(), std::as_const(x).view()); }),
                   {"race", "block (", "device allocation", "planted.cu"}));
  Buffer<unsigned> count(context, 1);
  count.fill_zero();
  EXPECT_EQ(report([&] { count_blocks(state(), count.data(), 5); }), "");
  EXPECT_EQ(count.to_host()[0], 5u);
}

TEST_F(Emulation, ResultThatDependsOnTheOrderOfBlocks) {
  if (std::getenv("ELBO_EMULATION_VERIFY")) GTEST_SKIP() << "every launch is verified";
  Buffer<unsigned> last(context, 1);
  last.fill_zero();
  EXPECT_EQ(report([&] { last_block(state(), last.data(), 5); }), "") << "atomics do not race";
  const emulation::VerifyScope verify;
  EXPECT_TRUE(says(report([&] { last_block(state(), last.data(), 5); }), {"depends on the order"}));
  last.fill_zero();
  EXPECT_EQ(report([&] { count_blocks(state(), last.data(), 5); }), "");
  EXPECT_EQ(last.to_host()[0], 5u) << "verifying runs a launch twice, but on the same memory";
}

TEST_F(Emulation, AnAtomicOrdersBlocks) {
  Buffer<float> parts(context, 7), sum(context, 1);
  Buffer<unsigned> count(context, 1);
  count.fill_zero();
  EXPECT_EQ(report([&] { last_block_adds(state(), sum.data(), parts.data(), count.data(), 7); }), "");
  EXPECT_NEAR(sum.to_host()[0], 2.592857, 1e-5);
}

TEST_F(Emulation, DivergentBarrierNamesWhoWaitsWhere) {
  auto y = zeros(64);
  EXPECT_EQ(report([&] { divergent_barrier(state(), y.data(), 64); }), "");
  EXPECT_EQ(report([&] { divergent_barrier(state(), y.data(), 0); }), "") << "the whole block passes by";
  EXPECT_TRUE(says(report([&] { divergent_barrier(state(), y.data(), 5); }),
                   {"divergent barrier",
                    "threads 0-4 at the barrier at tests/emulation/planted.cu:", "threads 5-63 returned"}));
  EXPECT_TRUE(says(report([&] { two_barriers(state(), y.data()); }), {"divergent barrier"}));
  EXPECT_EQ(report([&] { divergent_barrier(state(), y.data(), 64); }), "")
      << "a failed launch leaves nothing behind";
}

TEST_F(Emulation, DivergentCollective) {
  auto y = zeros(64);
  EXPECT_EQ(report([&] { divergent_collective(state(), y.data(), 64); }), "");
  EXPECT_EQ(y.to_host(), std::vector<float>(64, 32.0f));
  EXPECT_TRUE(says(report([&] { divergent_collective(state(), y.data(), 40); }),
                   {"threads 32-39 at the warp collective", "returned"}));
  EXPECT_EQ(report([&] { odd_block(state(), y.data(), 64); }), "");
  EXPECT_TRUE(says(report([&] { odd_block(state(), y.data(), 48); }), {"less than a full warp"}));
}

// Memory.

TEST_F(Emulation, WriteOutOfBounds) {
  ELBO_NEEDS_CHECKER();
  auto before = zeros(100);
  auto y = zeros(100);
  auto behind = zeros(100);
  EXPECT_EQ(report([&] { write_ones(state(), y.data(), 36); }), "");
  for (const std::int64_t first : {37, -1, 5000, -5000, 1 << 28}) {
    EXPECT_TRUE(says(report([&] { write_ones(state(), y.data(), first); }),
                     {"out of bounds", "a write to", "planted.cu"}))
        << first;
  }
  EXPECT_TRUE(says(report([&] { write_ones(state(), y.data(), 37); }),
                   {"0 bytes behind device allocation", "(400 bytes)", "thread (63, 0, 0)"}));
  EXPECT_EQ(before.to_host(), std::vector<float>(100)) << "nothing was written elsewhere";
  EXPECT_EQ(behind.to_host(), std::vector<float>(100));
}

TEST_F(Emulation, WriteOutOfBoundsShowsWithoutTheChecker) {
  for (const std::int64_t first : {37, -1, 5000, -5000, 1 << 28}) {
    auto y = zeros(100);
    EXPECT_TRUE(says(report([&] { plain_write_ones(state(), y.data(), first); }),
                     {"out of bounds", "launched at tests/emulation/planted.cu:"}))
        << first;
  }
}

TEST_F(Emulation, UninitialisedRead) {
  ELBO_NEEDS_CHECKER();
  Buffer<float> x(context, 3);
  auto y = zeros(1);
  EXPECT_TRUE(says(report([&] { copy_one(state(), y.data(), x.data()); }),
                   {"uninitialised", "0 bytes into device allocation", "planted.cu"}));
  EXPECT_TRUE(says(report([&] { read_fresh_shared(state(), y.data()); }),
                   {"uninitialised", "byte 12 of shared memory"}));
  context.copy_on_device(y.data(), x.data(), sizeof(float));
  EXPECT_TRUE(says(report([&] { copy_one(state(), x.data(), y.data()); }), {"uninitialised"}))
      << "a copy of what was never written is no better";
  EXPECT_EQ(report([&] { plain_copy_one(state(), y.data(), x.data()); }), "");
  EXPECT_TRUE(std::isnan(y.to_host()[0])) << "poison";
  x.fill_zero();
  EXPECT_EQ(report([&] { copy_one(state(), y.data(), x.data()); }), "");
  EXPECT_EQ(y.to_host()[0], 0.0f);
}

TEST_F(Emulation, HostPointer) {
  auto y = zeros(6);
  auto on_heap = std::make_unique<float[]>(6);
  float on_stack[6] = {};
  const std::string passed = "a host pointer passed to a kernel: argument 2";
  EXPECT_TRUE(says(report([&] { copy_one(state(), y.data(), on_heap.get()); }), {passed}));
  EXPECT_TRUE(says(report([&] { copy_one(state(), y.data(), on_stack); }), {passed}));
  for (const float* host : {static_cast<const float*>(on_heap.get()), static_cast<const float*>(on_stack)}) {
    const MatrixView<const float> view(host, 2, 3);
    EXPECT_TRUE(says(report([&] { copy_view(state(), y.matrix(2, 3), view); }), {passed, "contains"}));
  }
}

TEST_F(Emulation, HostPointerInDeviceMemory) {
  ELBO_NEEDS_CHECKER();
  auto y = zeros(1);
  auto on_heap = std::make_unique<float[]>(6);
  const auto word = reinterpret_cast<std::uint64_t>(on_heap.get());
  Buffer<std::uint64_t> pointers(context, std::span<const std::uint64_t>(&word, 1));
  EXPECT_TRUE(says(report([&] { follow(state(), y.data(), pointers.data()); }), {"host memory in a kernel"}));
}

TEST_F(Emulation, NullPointer) {
  auto y = zeros(1);
  EXPECT_TRUE(says(report([&] { copy_one(state(), y.data(), nullptr); }), {"null pointer"}));
  EXPECT_TRUE(says(report([&] { plain_copy_one(state(), y.data(), nullptr); }), {"null pointer"}));
}

TEST_F(Emulation, UseAfterFree) {
  auto y = zeros(1);
  const float* stale = nullptr;
  {
    auto x = zeros(1);
    stale = x.data();
  }
  EXPECT_TRUE(
      says(report([&] { copy_one(state(), y.data(), stale); }), {"a pointer to freed device memory"}));
  const auto word = reinterpret_cast<std::uint64_t>(stale);
  Buffer<std::uint64_t> pointers(context, std::span<const std::uint64_t>(&word, 1));
  EXPECT_TRUE(says(report([&] { follow(state(), y.data(), pointers.data()); }), {"use after free"}));
}

TEST_F(Emulation, MisalignedVector) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "UBSan's to see";
#endif
  auto x = zeros(8);
  auto y = zeros(4);
  EXPECT_TRUE(says(report([&] { load_misaligned(state(), y.data(), x.data()); }), {"misaligned"}));
}

TEST_F(Emulation, SharedMemoryBeyondTheLaunch) {
  auto y = zeros(1);
  EXPECT_TRUE(says(report([&] { take_too_much_shared(state(), y.data()); }),
                   {"256 bytes of shared memory", "launched with 252"}));
}

TEST_F(Emulation, HostCodeCannotReadDeviceMemory) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto x = ramp(3);
  context.synchronize();
  EXPECT_DEATH(
      {
        volatile float value = x.data()[0];
        (void)value;
      },
      "host code has accessed device memory: 0 bytes into device allocation");
}

// What works.

TEST_F(Emulation, LaunchesThatNoGpuTakes) {
  for (const auto& [grid, block, shared] : {std::tuple{dim3(1), dim3(1025), 0u},
                                            {dim3(1), dim3(0), 0u},
                                            {dim3(1), dim3(1, 1, 65), 0u},
                                            {dim3(1, 65536), dim3(1), 0u},
                                            {dim3(1), dim3(1), 240u << 10}}) {
    EXPECT_TRUE(
        says(report([&] { nothing(state(), grid, block, shared); }), {"cudaErrorInvalidConfiguration"}));
  }
  EXPECT_EQ(report([&] { nothing(state(), dim3(0), dim3(64)); }), "") << "no blocks, no work";
  EXPECT_EQ(report([&] { nothing(state(), dim3(1), dim3(1024), 227u << 10); }), "");
}

TEST_F(Emulation, EveryThreadRunsOnce) {
  const dim3 grid(3, 4, 2), block(5, 2, 3);
  const std::int64_t width = 15, height = 8, depth = 6;
  Buffer<float> y(context, width * height * depth);
  const emulation::VerifyScope verify;
  EXPECT_EQ(report([&] { places(state(), y.view(), grid, block); }), "");
  const auto values = y.to_host();
  for (std::int64_t i = 0; i < width * height * depth; ++i) {
    const std::int64_t x = i % width, row = i / width % height, z = i / width / height;
    ASSERT_EQ(values[static_cast<std::size_t>(i)], static_cast<float>(x + 100 * row + 10000 * z)) << i;
  }
}

TEST_F(Emulation, Collectives) {
  std::vector<float> host(64);
  for (std::size_t i = 0; i < 64; ++i) host[i] = static_cast<float>((i * 37 + 11) % 64) - 20.0f;
  Buffer<float> x(context, std::span<const float>(host));
  Buffer<double> y(context, 8 * 64);
  const emulation::VerifyScope verify;
  EXPECT_EQ(report([&] { sums(state(), y.view(), std::as_const(x).view()); }), "");
  const auto values = y.to_host();
  const double total = std::accumulate(host.begin(), host.end(), 0.0);
  for (std::size_t t = 0; t < 64; ++t) {
    const auto warp = host.begin() + static_cast<std::ptrdiff_t>(t / 32 * 32);
    const double* got = &values[8 * t];
    EXPECT_EQ(got[0], total);
    EXPECT_EQ(got[1], total);
    EXPECT_EQ(got[2], *std::max_element(host.begin(), host.end()));
    EXPECT_EQ(got[3], *std::min_element(warp, warp + 32));
    EXPECT_EQ(got[4], warp[1]);
    EXPECT_EQ(got[5], host[t ^ 16]);
    EXPECT_EQ(got[6], *std::min_element(warp, warp + 32) < 0 ? 1.0 : 0.0);
    EXPECT_EQ(got[7], 1.0);
  }
}

}  // namespace
}  // namespace elbo::test
