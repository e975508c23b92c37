// Nodes of a graph that no edge orders must not access memory that one of them writes. Each such mistake is
// reported, in whatever order the nodes ran, and its correct twin is not.

#include <cublas_v2.h>
#include <gtest/gtest.h>

#include <functional>

#include "elbo/error.h"
#include "emulation/gemm.h"
#include "emulation/planted.h"
#include "emulation/says.h"
#include "runtime/buffer.h"
#include "runtime/graph.h"
#include "runtime/branch.h"

namespace elbo::test {
namespace {

class GraphRaces : public testing::Test {
 protected:
  void SetUp() override {
    ELBO_NEEDS_CHECKER();
    x.fill_zero();
    y.fill_zero();
  }
  CudaState& state() { return context.cuda(); }

  /// The error of a graph with one piece of work on the main line and one on a branch.
  std::string report(const std::function<void()>& main, const std::function<void()>& side,
                     bool joined = false) {
    Graph graph = Graph::record(context, [&] {
      branch.run(side);
      if (joined) branch.join();
      main();
      branch.join();
    });
    try {
      graph.launch();
      context.synchronize();
    } catch (const DeviceError& error) {
      return error.what();
    }
    return "";
  }
  /// Expects a race, and none if the two are ordered.
  void expect_race(const std::function<void()>& main, const std::function<void()>& side, const char* words) {
    // Nodes run one after the other here, so neither order alone would give other results.
    EXPECT_TRUE(says(report(main, side), {"race between nodes", words, "device allocation"}));
    EXPECT_EQ(report(main, side, true), "");
  }

  Context context{Device::cuda(0)};
  Branch branch{context};
  Buffer<float> x{context, 64}, y{context, 128};
};

TEST_F(GraphRaces, AWriteAndARead) {
  expect_race([&] { write_ones(state(), x.data(), 0); }, [&] { copy_one(state(), y.data(), x.data()); },
              "planted.cu");
  expect_race([&] { copy_one(state(), y.data(), x.data()); }, [&] { write_ones(state(), x.data(), 0); },
              "planted.cu");
}

TEST_F(GraphRaces, TwoWrites) {
  expect_race([&] { write_ones(state(), y.data(), 0); }, [&] { write_ones(state(), y.data(), 32); },
              "writes");
}

TEST_F(GraphRaces, CopiesAndFills) {
  expect_race([&] { x.fill_zero(); }, [&] { write_ones(state(), x.data(), 0); }, "a fill");
  expect_race([&] { context.copy_on_device(y.data(), x.data(), 256); },
              [&] { write_ones(state(), x.data(), 0); }, "a copy");
}

TEST_F(GraphRaces, Gemms) {
  const float one = 1.0f, zero = 0.0f;
  const auto gemm = [&] {
    ASSERT_EQ(cublasSgemm(state().blas, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, 4, &one, x.data(), 4, x.data() + 16,
                          4, &zero, y.data(), 4),
              CUBLAS_STATUS_SUCCESS);
  };
  expect_race(
      gemm, [&] { write_ones(state(), x.data(), 0); }, "cublasSgemm reads");
  expect_race(
      gemm, [&] { write_ones(state(), y.data(), 0); }, "cublasSgemm writes");
}

TEST_F(GraphRaces, WhatIsApartOrOnlyReadIsNone) {
  EXPECT_EQ(report([&] { write_ones(state(), y.data(), 0); }, [&] { write_ones(state(), y.data(), 64); }),
            "");
  EXPECT_EQ(report([&] { copy_one(state(), y.data(), x.data()); },
                   [&] { copy_one(state(), y.data() + 1, x.data()); }),
            "");
}

// A kernel that begins copies and never waits for the node before it may run beside that.
TEST_F(GraphRaces, AReadBeforeTheNodeBeforeHasEnded) {
  Buffer<float> from(context, 512), sums(context, 32);
  from.fill_zero();
  const auto copied = [&](bool apart) {
    Graph graph = Graph::record(context, [&] {
      write_ones(state(), from.data(), 0);
      if (apart) copy_one(state(), y.data(), x.data());
      sum_copied(state(), sums.data(), from.data(), Missing::nothing);
    });
    try {
      graph.launch();
      context.synchronize();
    } catch (const DeviceError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_TRUE(
      says(copied(false), {"gemm.cu", "reads, before it waits for it", "planted.cu", "device allocation"}));
  EXPECT_EQ(copied(true), "") << "the node in between has waited";
}

// The nodes are ordered through a third node, not by a direct edge.
TEST_F(GraphRaces, AChainOrders) {
  Graph graph = Graph::record(context, [&] {
    write_ones(state(), x.data(), 0);
    copy_one(state(), y.data(), x.data());
    branch.run([&] { copy_one(state(), y.data() + 1, x.data()); });
    copy_one(state(), y.data() + 2, y.data());
    branch.join();
    write_ones(state(), x.data(), 0);
  });
  graph.launch();
  context.synchronize();
  EXPECT_EQ(y.to_host()[2], 1.0f);
}

}  // namespace
}  // namespace elbo::test
