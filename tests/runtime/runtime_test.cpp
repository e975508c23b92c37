// The runtime room on the device under test: memory, copies, graphs, readbacks, and errors.

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>

#include "elbo/error.h"
#include "ops/adam.h"
#include "runtime/arena.h"
#include "runtime/buffer.h"
#include "runtime/cuda_api.h"
#include "runtime/graph.h"
#include "runtime/readback.h"
#include "support/allocations.h"
#include "support/device.h"

namespace elbo::test {
namespace {

class Runtime : public testing::Test {
 protected:
  void SetUp() override {
    ELBO_REQUIRE_DEVICE();
    made_ = std::make_unique<Context>(device());
  }
  Context& context() { return *made_; }

  std::vector<float> ramp(std::int64_t size) {
    std::vector<float> values(static_cast<std::size_t>(size));
    std::iota(values.begin(), values.end(), 1.0f);
    return values;
  }
  Buffer<float> ramp_buffer(std::int64_t size) { return {context(), std::span<const float>(ramp(size))}; }

 private:
  std::unique_ptr<Context> made_;
};

/// The message of the DeviceError that `work` throws; empty if it throws none.
template <class Work>
std::string device_error(Work&& work) {
  try {
    work();
  } catch (const DeviceError& error) {
    return error.what();
  }
  return "";
}

TEST_F(Runtime, BufferGivesBackWhatItWasGiven) {
  for (const std::int64_t size : {1, 3, 17, 16384, 16385, 100003}) {  // around the size of pinned staging
    auto buffer = ramp_buffer(size);
    EXPECT_EQ(buffer.size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 256, 0u);
    EXPECT_EQ(buffer.to_host(), ramp(size));
    buffer.fill_zero();
    EXPECT_EQ(buffer.to_host(), std::vector<float>(static_cast<std::size_t>(size)));
  }
}

TEST_F(Runtime, EmptyBuffer) {
  Buffer<float> buffer(context(), 0);
  EXPECT_EQ(buffer.data(), nullptr);
  EXPECT_EQ(buffer.size(), 0);
  EXPECT_TRUE(buffer.to_host().empty());
  EXPECT_TRUE(Buffer<float>().to_host().empty());
  buffer.fill_zero();
  buffer.upload({});
}

TEST_F(Runtime, ViewsHaveTheirShape) {
  auto buffer = ramp_buffer(12);
  EXPECT_EQ(buffer.view().size, 12);
  const auto matrix = buffer.matrix(3, 4);
  EXPECT_EQ(matrix.stride, 4);
  EXPECT_TRUE(matrix.contiguous());
  const auto columns = matrix.columns(1, 2);
  EXPECT_EQ(columns.data, buffer.data() + 1);
  EXPECT_EQ(columns.stride, 4);
  EXPECT_FALSE(columns.contiguous());
  EXPECT_EQ(matrix.first_rows(2).rows, 2);
  EXPECT_EQ(buffer.view().part(5, 3).data, buffer.data() + 5);
}

TEST_F(Runtime, MovedFromBufferIsEmpty) {
  auto first = ramp_buffer(5);
  const float* data = first.data();
  Buffer<float> second(std::move(first));
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(first.data(), nullptr);  // NOLINT(bugprone-use-after-move): the subject of this test
  EXPECT_TRUE(first.to_host().empty());
  Buffer<float> third = ramp_buffer(2);
  third = std::move(second);
  EXPECT_EQ(third.to_host(), ramp(5));
  first = ramp_buffer(3);
  EXPECT_EQ(first.to_host(), ramp(3));
}

TEST_F(Runtime, PartialUploadLeavesTheRest) {
  auto buffer = ramp_buffer(5);
  const std::vector<float> two = {-1.0f, -2.0f};
  buffer.upload(two);
  EXPECT_EQ(buffer.to_host(), (std::vector<float>{-1, -2, 3, 4, 5}));
}

TEST_F(Runtime, UploadsKeepTheirOrderAndTheirValues) {
  // Makes many uploads in a row from host memory that is reused at once.
  constexpr std::int64_t kUploads = 50;
  Buffer<std::int64_t> last(context(), 1), all(context(), kUploads);
  std::int64_t value = 0;
  for (; value < kUploads; ++value) {
    last.upload({&value, 1});
    context().copy_on_device(all.data() + value, last.data(), sizeof(value));
  }
  std::vector<std::int64_t> expected(kUploads);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all.to_host(), expected);
}

TEST_F(Runtime, CopyToHostHoldsAfterSynchronize) {
  auto buffer = ramp_buffer(40000);
  std::vector<float> host(40000);
  context().copy_to_host(host.data(), buffer.data(), host.size() * sizeof(float));
  context().synchronize();
  EXPECT_EQ(host, ramp(40000));
}

TEST_F(Runtime, CopiesOfNothing) {
  context().copy_to_device(nullptr, nullptr, 0);
  context().copy_to_host(nullptr, nullptr, 0);
  context().copy_on_device(nullptr, nullptr, 0);
  context().fill_zero(nullptr, 0);
  context().release(context().allocate(0));
  context().synchronize();
}

TEST_F(Runtime, ArenaMeasuresThenHandsOut) {
  const auto take = [](Arena& arena) {
    auto a = arena.vector<float>(3);
    auto b = arena.matrix<double>(5, 7);
    auto c = arena.vector<std::int64_t>(0);
    return std::tuple(a, b, c);
  };
  Arena measure;
  EXPECT_EQ(std::get<0>(take(measure)).data, nullptr);
  EXPECT_EQ(measure.used(), 2 * 512u - 256u);
  Arena arena(context(), measure.used());
  const auto [a, b, c] = take(arena);
  EXPECT_EQ(a.size, 3);
  EXPECT_EQ(b.rows, 5);
  EXPECT_EQ(b.stride, 7);
  EXPECT_EQ(c.size, 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.data) % Arena::kAlignment, 0u);
  EXPECT_GE(reinterpret_cast<std::uintptr_t>(b.data), reinterpret_cast<std::uintptr_t>(a.data + a.size));
  const auto values = ramp(3);
  context().copy_to_device(a.data, values.data(), 3 * sizeof(float));
  context().fill_zero(b.data, 35 * sizeof(double));
  std::vector<float> back(3);
  context().copy_to_host(back.data(), a.data, 3 * sizeof(float));
  context().synchronize();
  EXPECT_EQ(back, values);
  EXPECT_NE(device_error([&, &one = arena] { one.vector<float>(1); }).find("measured for"),
            std::string::npos);
}

TEST_F(Runtime, OutOfMemoryIsADeviceError) {
  if (sanitized() && !device().is_cuda()) GTEST_SKIP() << "the address sanitizer ends the program here";
  const std::string message = device_error([&] { Buffer<float> huge(context(), std::int64_t{1} << 50); });
  EXPECT_NE(message.find("out of memory"), std::string::npos) << message;
  EXPECT_NE(message.find("4503599627370496"), std::string::npos) << message;
  EXPECT_EQ(ramp_buffer(3).to_host(), ramp(3)) << "the context is none the worse";
}

// Graphs.

TEST_F(Runtime, RecordingRunsNothingAndReplaysRunAll) {
  StepState host;
  host.step = 7;
  Buffer<StepState> state(context(), std::span<const StepState>(&host, 1));
  Buffer<float> from = ramp_buffer(3), to(context(), 3);
  to.fill_zero();
  Graph graph = Graph::record(context(), [&] {
    ops::advance_step(context(), state.data(), state.data(), {}, 10, {});
    context().copy_on_device(to.data(), from.data(), 3 * sizeof(float));
    context().fill_zero(from.data(), sizeof(float));
  });
  EXPECT_TRUE(static_cast<bool>(graph));
  EXPECT_EQ(state.to_host()[0].step, 7u);
  EXPECT_EQ(to.to_host(), std::vector<float>(3));
  for (std::uint64_t replay = 1; replay <= 5; ++replay) {
    graph.launch();
    EXPECT_EQ(state.to_host()[0].step, 7 + replay);
  }
  for (int i = 0; i < 100; ++i) graph.launch();
  EXPECT_EQ(state.to_host()[0].step, 112u);
  EXPECT_EQ(state.to_host()[0].next_cursor, 1050);
  EXPECT_EQ(to.to_host(), (std::vector<float>{0, 2, 3}));
}

TEST_F(Runtime, ATimedLaunchFollowsAnotherOfTheSameGraph) {
  if (!device().is_cuda()) GTEST_SKIP() << "the CPU's work has no time on a device";
  StepState host;
  Buffer<StepState> state(context(), std::span<const StepState>(&host, 1));
  const auto repeated = cuda::repeated(
      context().cuda(), [&] { ops::advance_step(context(), state.data(), state.data(), {}, 1, {}); });
  EXPECT_GE(repeated.repeats, 1);
  EXPECT_LE(repeated.repeats, 200);
  EXPECT_EQ(state.to_host()[0].step, 3u) << "once before it is recorded, then twice to see how long it takes";
  EXPECT_GE(cuda::seconds_of_launch(context().cuda(), *repeated.graph), 0.0);
  EXPECT_EQ(state.to_host()[0].step, 3u + 2u * static_cast<unsigned>(repeated.repeats));
}

TEST_F(Runtime, GraphsAreCopiedAndMoved) {
  StepState host;
  Buffer<StepState> state(context(), std::span<const StepState>(&host, 1));
  Graph graph =
      Graph::record(context(), [&] { ops::advance_step(context(), state.data(), state.data(), {}, 1, {}); });
  Graph copy = graph;
  Graph moved = std::move(graph);
  EXPECT_FALSE(static_cast<bool>(graph));  // NOLINT(bugprone-use-after-move)
  copy.launch();
  moved.launch();
  EXPECT_EQ(state.to_host()[0].step, 2u);
  EXPECT_NE(device_error([&] { graph.launch(); }).find("empty graph"), std::string::npos);
  EXPECT_NE(device_error([] { Graph().launch(); }).find("empty graph"), std::string::npos);
}

TEST_F(Runtime, ExceptionsLeaveARecording) {
  StepState host;
  Buffer<StepState> state(context(), std::span<const StepState>(&host, 1));
  const auto failing = [&] {
    Graph graph = Graph::record(context(), [&] {
      ops::advance_step(context(), state.data(), state.data(), {}, 1, {});
      throw std::runtime_error("on purpose");
    });
    graph.launch();  // on the CPU recorded work runs only now
  };
  EXPECT_THROW(failing(), std::runtime_error);
  // The context still works, and records again.
  const std::uint64_t before = state.to_host()[0].step;
  Graph graph =
      Graph::record(context(), [&] { ops::advance_step(context(), state.data(), state.data(), {}, 1, {}); });
  graph.launch();
  EXPECT_EQ(state.to_host()[0].step, before + 1);
}

TEST_F(Runtime, WhatCannotBeRecordedIsADeviceError) {
  if (!device().is_cuda()) GTEST_SKIP() << "on the CPU a graph is the function itself";
  auto buffer = ramp_buffer(3);
  std::vector<float> host(3);
  Readback readback(context(), sizeof(float));
  const auto recording = [&](const std::function<void()>& work) {
    return device_error([&] { Graph::record(context(), work); });
  };
  EXPECT_NE(recording([&] { buffer.upload(host); }).find("cannot be recorded"), std::string::npos);
  EXPECT_NE(
      recording([&] { context().copy_to_host(host.data(), buffer.data(), 4); }).find("cannot be recorded"),
      std::string::npos);
  EXPECT_NE(recording([&] { readback.start(buffer.data()); }).find("cannot be recorded"), std::string::npos);
  EXPECT_NE(recording([&] { Graph::record(context(), [] {}); }).find("while another is"), std::string::npos);
  EXPECT_NE(recording([&] { context().synchronize(); }), "");
  EXPECT_NE(recording([&] { Buffer<float> more(context(), 3); }), "");
  EXPECT_EQ(buffer.to_host(), ramp(3)) << "the context is none the worse";
}

// Readbacks.

TEST_F(Runtime, ReadbackHoldsWhatWasThereWhenItBegan) {
  auto buffer = ramp_buffer(2);
  Readback readback(context(), 2 * sizeof(float));
  readback.start(buffer.data());
  buffer.fill_zero();
  const float* values = static_cast<const float*>(readback.wait());
  EXPECT_EQ(values[0], 1.0f);
  EXPECT_EQ(values[1], 2.0f);
  EXPECT_TRUE(readback.ready());
  readback.start(buffer.data());
  while (!readback.ready()) {
  }
  EXPECT_EQ(static_cast<const float*>(readback.wait())[0], 0.0f);
}

TEST_F(Runtime, ReadbackMoves) {
  auto buffer = ramp_buffer(1);
  Readback first(context(), sizeof(float));
  first.start(buffer.data());
  Readback second = std::move(first);
  EXPECT_EQ(*static_cast<const float*>(second.wait()), 1.0f);
  Readback third(context(), sizeof(float));
  third.start(buffer.data());
  third = std::move(second);
  EXPECT_EQ(*static_cast<const float*>(third.wait()), 1.0f);
}

TEST_F(Runtime, ReadbackGoesAwayWithItsCopyOnTheWay) {
  auto buffer = ramp_buffer(1);
  { Readback(context(), sizeof(float)).start(buffer.data()); }
  context().synchronize();
}

// Contexts.

TEST(Context, AMissingGpuIsNamed) {
  const std::string message = device_error([] { Context(Device::cuda(99)); });
  EXPECT_NE(message.find("cuda:99"), std::string::npos) << message;
  EXPECT_NE(message.find("device \"cpu\""), std::string::npos) << message;
}

TEST(Context, KnowsItsDeviceAndThreads) {
  ELBO_REQUIRE_DEVICE();
  EXPECT_GE(Context(device()).threads(), 1);
  EXPECT_EQ(Context(device(), 3).threads(), 3);
  const Context context(device());
  EXPECT_EQ(context.device(), device());
  EXPECT_EQ(context.is_cuda(), device().is_cuda());
}

TEST(Context, GoesAwayWithWorkOnTheWay) {
  ELBO_REQUIRE_DEVICE();
  Context context(device());
  Buffer<float> buffer(context, 1000);
  buffer.fill_zero();
}

TEST(Context, SeveralOnOneDevice) {
  ELBO_REQUIRE_DEVICE();
  Context first(device()), second(device());
  const std::vector<float> one = {1.0f}, two = {2.0f};
  Buffer<float> a(first, std::span<const float>(one)), b(second, std::span<const float>(two));
  EXPECT_EQ(b.to_host(), two);
  EXPECT_EQ(a.to_host(), one);
}

TEST(DeviceName, IsReadAndWritten) {
  EXPECT_EQ(Device::parse("cpu"), Device::cpu());
  EXPECT_EQ(Device::parse("cuda"), Device::cuda(0));
  EXPECT_EQ(Device::parse("cuda:3"), Device::cuda(3));
  EXPECT_EQ(Device::parse("auto"), Device::automatic());
  EXPECT_EQ(Device::cuda(3).name(), "cuda:3");
  EXPECT_EQ(Device::cpu().name(), "cpu");
  for (const char* wrong : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "CPU", "cuda:99999999999"}) {
    EXPECT_THROW(Device::parse(wrong), ConfigError) << wrong;
  }
  const auto present = devices();
  ASSERT_FALSE(present.empty());
  EXPECT_EQ(present[0].device, Device::cpu());
  EXPECT_FALSE(present[0].description.empty());
  EXPECT_GT(present[0].memory_bytes.value(), 0u);
}

}  // namespace
}  // namespace elbo::test
