// Streams, events, graphs and copies of the emulated runtime: as late as CUDA may be, and as strict as CUDA
// is.

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "emulation/planted.h"
#include "emulation/says.h"
#include "runtime/context.h"

namespace elbo::test {
namespace {

class EmulatedStream : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
    ASSERT_EQ(cudaStreamCreate(&other), cudaSuccess);
    ASSERT_EQ(cudaEventCreate(&event), cudaSuccess);
    ASSERT_EQ(cudaMalloc(&x, kBytes), cudaSuccess);
    ASSERT_EQ(cudaMalloc(&y, kBytes), cudaSuccess);
    ASSERT_EQ(cudaMallocHost(&pinned, kBytes), cudaSuccess);
    std::fill_n(pinned, kValues, 1.0f);
    state.stream = stream;
    other_state.stream = other;
  }
  void TearDown() override {
    cudaStreamSynchronize(stream);
    for (float* memory : {x, y}) EXPECT_EQ(cudaFree(memory), cudaSuccess);
    EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
    EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(other), cudaSuccess);
    cudaGetLastError();
  }
  /// An error with its report.
  static std::string text(cudaError_t error) {
    return std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error);
  }

  static constexpr int kValues = 64;
  static constexpr std::size_t kBytes = kValues * sizeof(float);
  cudaStream_t stream = nullptr, other = nullptr;
  cudaEvent_t event = nullptr;
  CudaState state, other_state;
  float *x = nullptr, *y = nullptr, *pinned = nullptr;
};

TEST_F(EmulatedStream, PinnedCopiesAreLate) {
  // A copy from pinned memory takes its values when the copy runs, not at the call.
  ASSERT_EQ(cudaMemcpyAsync(x, pinned, kBytes, cudaMemcpyHostToDevice, stream), cudaSuccess);
  pinned[0] = 2.0f;
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  pinned[0] = 3.0f;
  // A copy to pinned memory does not arrive before it is waited for.
  ASSERT_EQ(cudaMemcpyAsync(pinned, x, kBytes, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  EXPECT_EQ(pinned[0], 3.0f);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(pinned[0], 2.0f);
}

TEST_F(EmulatedStream, PageableCopiesAreNot) {
  std::vector<float> host(kValues, 5.0f);
  ASSERT_EQ(cudaMemcpyAsync(x, host.data(), kBytes, cudaMemcpyHostToDevice, stream), cudaSuccess);
  host.assign(kValues, 0.0f);
  ASSERT_EQ(cudaMemcpyAsync(host.data(), x, kBytes, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  EXPECT_EQ(host[63], 5.0f);
}

TEST_F(EmulatedStream, EventsTellWhereTheStreamIs) {
  EXPECT_EQ(cudaEventQuery(event), cudaSuccess) << "never recorded";
  ASSERT_EQ(cudaMemcpyAsync(x, pinned, kBytes, cudaMemcpyHostToDevice, stream), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  EXPECT_EQ(cudaEventQuery(event), cudaSuccess) << "repeated queries come to an end";
  ASSERT_EQ(cudaMemsetAsync(x, 0, kBytes, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
}

TEST_F(EmulatedStream, OneStreamWaitsForAnother) {
  write_ones(state, x, 0);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(other, event), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToDevice, other), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(other), cudaSuccess);
  ASSERT_EQ(cudaMemcpy(pinned, y, kBytes, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(pinned[63], 1.0f);
}

TEST_F(EmulatedStream, WithoutWaitingTheOtherIsNotThereYet) {
  ELBO_NEEDS_CHECKER();
  write_ones(state, x, 0);
  copy_one(other_state, y, x);
  EXPECT_TRUE(says(text(cudaStreamSynchronize(other)), {"uninitialised"}));
  EXPECT_EQ(cudaStreamSynchronize(other), cudaSuccess) << "reported once";
}

// Capture.

TEST_F(EmulatedStream, ACaptureRunsNothingUntilItIsLaunched) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaMemsetAsync(x, 0, kBytes, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  write_ones(state, x, 0);
  ASSERT_EQ(cudaMemcpyAsync(pinned, x, kBytes, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(x, 0, kBytes, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  for (int replay = 0; replay < 3; ++replay) {
    std::fill_n(pinned, kValues, -1.0f);
    ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    EXPECT_EQ(pinned[0], -1.0f);
    ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    EXPECT_EQ(pinned[63], 1.0f);
  }
  // A pending launch survives the graph's destruction, but not that of its memory.
  ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  ASSERT_EQ(cudaFree(x), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
  ASSERT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_TRUE(says(text(cudaStreamSynchronize(stream)), {"freed device memory"}));
  ASSERT_EQ(cudaMalloc(&x, kBytes), cudaSuccess);
}

TEST_F(EmulatedStream, BranchesJoinACaptureByEvents) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  write_ones(state, x, 0);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(other, event), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToDevice, other), cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureUnjoined);

  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  write_ones(state, x, 0);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(other, event), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToDevice, other), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, other), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorCapturedEvent);
  ASSERT_EQ(cudaStreamWaitEvent(stream, event), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(x, 0, kBytes, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
  for (int replay = 0; replay < 20; ++replay) {  // in any order that the branches allow
    ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
    ASSERT_EQ(cudaMemcpyAsync(pinned, y, kBytes, cudaMemcpyDeviceToHost, stream), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    EXPECT_EQ(pinned[63], 1.0f);
  }
  ASSERT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

TEST_F(EmulatedStream, ABranchThatForgetsToWaitShows) {
  ELBO_NEEDS_CHECKER();
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaMemset(x, 0, kBytes), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(other, event), cudaSuccess);
  write_ones(state, x, 0);  // the copy is not ordered after this
  ASSERT_EQ(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToDevice, other), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, other), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(stream, event), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(x, 0, kBytes, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph), cudaSuccess);
  int early = 0;
  ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
  EXPECT_TRUE(
      says(text(cudaStreamSynchronize(stream)), {"race between nodes", "a copy reads", "planted.cu"}));
  // Races are checked once; after that they show in the results.
  for (int replay = 0; replay < 20; ++replay) {
    ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
    ASSERT_EQ(cudaMemcpyAsync(pinned, y, kBytes, cudaMemcpyDeviceToHost, stream), cudaSuccess);
    ASSERT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    early += pinned[63] == 0.0f;
  }
  EXPECT_GT(early, 0);
  EXPECT_LT(early, 20);
  ASSERT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

TEST_F(EmulatedStream, CallsThatACaptureDoesNotAllow) {
  std::vector<float> pageable(kValues);
  void* memory = nullptr;
  const auto spoils = [&](const char* name, auto call) {
    cudaGraph_t graph = nullptr;
    ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess) << name;
    EXPECT_EQ(call(), cudaErrorStreamCaptureUnsupported) << name;
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated) << name;
    EXPECT_EQ(graph, nullptr);
  };
  spoils("malloc", [&] { return cudaMalloc(&memory, 4); });
  spoils("free", [&] { return cudaFree(x); });
  spoils("pinned malloc", [&] { return cudaMallocHost(&memory, 4); });
  spoils("synchronize", [&] { return cudaStreamSynchronize(stream); });
  spoils("device synchronize", [&] { return cudaDeviceSynchronize(); });
  spoils("query", [&] { return cudaStreamQuery(stream); });
  spoils("pageable upload",
         [&] { return cudaMemcpyAsync(x, pageable.data(), 4, cudaMemcpyHostToDevice, stream); });
  spoils("pageable download",
         [&] { return cudaMemcpyAsync(pageable.data(), x, 4, cudaMemcpyDeviceToHost, stream); });
  spoils("null stream", [&] { return cudaMemset(x, 0, 4); });
  spoils("capture", [&] { return cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal); });
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureUnmatched);
}

// Copies.

TEST_F(EmulatedStream, CopiesKeepToTheirKind) {
  std::vector<float> host(kValues);
  const auto copy = [&](void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    return text(cudaMemcpy(to, from, bytes, kind));
  };
  EXPECT_TRUE(says(copy(host.data(), host.data(), 4, cudaMemcpyHostToDevice),
                   {"InvalidValue", "destination", "host memory"}));
  EXPECT_TRUE(says(copy(x, y, 4, cudaMemcpyHostToDevice), {"InvalidValue", "source should be host memory"}));
  EXPECT_TRUE(says(copy(x, host.data(), 4, cudaMemcpyDeviceToDevice), {"InvalidValue", "source"}));
  EXPECT_TRUE(
      says(copy(x, y, 4, cudaMemcpyDeviceToHost), {"InvalidValue", "destination should be host memory"}));
  EXPECT_TRUE(says(copy(host.data(), pinned, 4, cudaMemcpyHostToHost), {"InvalidMemcpyDirection"}));
  EXPECT_TRUE(says(copy(x, host.data(), kBytes + 1, cudaMemcpyHostToDevice), {"not within one live"}));
  EXPECT_TRUE(
      says(copy(x + 60, host.data(), 20, cudaMemcpyHostToDevice), {"240 bytes into device allocation"}));
  EXPECT_TRUE(says(copy(x, x + 1, 8, cudaMemcpyDeviceToDevice), {"overlap"}));
  EXPECT_TRUE(says(text(cudaMemset(x, 0, kBytes + 1)), {"not within one live"}));
  EXPECT_EQ(copy(x, host.data(), kBytes, cudaMemcpyDefault), "cudaSuccess: cudaSuccess");
  EXPECT_EQ(copy(host.data(), x, kBytes, cudaMemcpyDefault), "cudaSuccess: cudaSuccess");
}

TEST_F(EmulatedStream, FreesOnlyWhatIsThere) {
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(nullptr), cudaSuccess);
  EXPECT_TRUE(says(text(cudaFree(x + 1)), {"not the start of a live allocation"}));
  EXPECT_TRUE(says(text(cudaFree(pinned)), {"not the start of a live allocation"}));
  EXPECT_TRUE(says(text(cudaFreeHost(x)), {"cudaMallocHost"}));
  ASSERT_EQ(cudaFree(y), cudaSuccess);
  EXPECT_TRUE(says(text(cudaFree(y)), {"freed"}));
  ASSERT_EQ(cudaMalloc(&y, kBytes), cudaSuccess);
}

TEST_F(EmulatedStream, ErrorsAreKeptUntilTheyAreRead) {
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

}  // namespace
}  // namespace elbo::test
