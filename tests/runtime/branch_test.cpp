// Branches: side lines of a recorded graph, on the device under test.

#include "runtime/branch.h"

#include <gtest/gtest.h>

#include <functional>

#include "elbo/error.h"
#include "ops/reduce.h"
#include "runtime/buffer.h"
#include "runtime/graph.h"
#include "support/device.h"

namespace elbo::test {
namespace {

class Branches : public testing::Test {
 protected:
  void SetUp() override { ELBO_REQUIRE_DEVICE(); }

  /// One node: *to = Σ from.
  void sum(Buffer<double>& to, const Buffer<float>& from) {
    ops::reduce_sum(context, to.data(), from.view(), false);
  }
  Buffer<float> values() { return Buffer<float>(context, std::span<const float>(kValues)); }

  static constexpr float kValues[] = {1.0f, 2.0f, 4.0f};
  Context context{device()};
};

TEST_F(Branches, RunBesideTheMainLine) {
  const Buffer<float> x = values();
  Buffer<double> a(context, 1), b(context, 1), c(context, 1), d(context, 1);
  Branch branch(context);
  Graph graph = Graph::record(context, [&] {
    sum(a, x);
    branch.run([&] { sum(b, x); });
    sum(c, x);
    branch.join();
    sum(d, x);
  });
  graph.launch();
  for (const Buffer<double>* result : {&a, &b, &c, &d}) EXPECT_EQ(result->to_host()[0], 7.0);
  const GraphShape shape = graph.shape();
  if (!device().is_cuda()) {
    EXPECT_EQ(shape.nodes, 0u);
    return;
  }
  EXPECT_EQ(shape.nodes, 4u);
  EXPECT_EQ(shape.edges, 4u);  // a diamond
  EXPECT_EQ(shape.longest_path, 3u);
}

TEST_F(Branches, KeepTheirOwnOrder) {
  const Buffer<float> x = values();
  Buffer<double> a(context, 1), b(context, 1), c(context, 1);
  Branch branch(context);
  const auto record = [&](bool join_between) {
    return Graph::record(context, [&] {
      branch.run([&] { sum(a, x); });
      if (join_between) branch.join();
      branch.run([&] { sum(b, x); });
      sum(c, x);
      branch.join();
    });
  };
  for (const bool join_between : {false, true}) {
    Graph graph = record(join_between);  // a branch can be used again, also by another recording
    graph.launch();
    EXPECT_EQ(b.to_host()[0], 7.0);
    if (device().is_cuda()) {
      EXPECT_EQ(graph.shape().longest_path, 2u);
      EXPECT_EQ(graph.shape().edges, join_between ? 2u : 1u);
    }
  }
}

TEST_F(Branches, WithoutARecordingAreTheMainLine) {
  Buffer<float> x = values();
  Buffer<double> a(context, 1), b(context, 1);
  Branch branch(context);
  branch.run([&] { sum(a, x); });
  x.fill_zero();
  branch.run([&] { sum(b, x); });
  EXPECT_EQ(a.to_host()[0], 7.0);
  EXPECT_EQ(b.to_host()[0], 0.0);
}

TEST_F(Branches, ExceptionsLeaveABranch) {
  const Buffer<float> x = values();
  Buffer<double> a(context, 1), b(context, 1);
  Branch branch(context);
  const auto failing = [&] {
    Graph graph = Graph::record(context, [&] {
      branch.run([&] {
        sum(a, x);
        throw std::runtime_error("on purpose");
      });
    });
    graph.launch();  // on the CPU recorded work runs only now
  };
  EXPECT_THROW(failing(), std::runtime_error);
  Graph graph = Graph::record(context, [&] {
    branch.run([&] { sum(a, x); });
    sum(b, x);
    branch.join();
  });
  graph.launch();
  EXPECT_EQ(a.to_host()[0] + b.to_host()[0], 14.0);
}

TEST_F(Branches, AreNotNested) {
  if (!device().is_cuda()) GTEST_SKIP() << "on the CPU a branch does nothing";
  const Buffer<float> x = values();
  Buffer<double> a(context, 1);
  Branch outer(context), inner(context);
  EXPECT_THROW(Graph::record(context, [&] { outer.run([&] { inner.run([&] { sum(a, x); }); }); }),
               DeviceError);
  Graph graph = Graph::record(context, [&] { outer.run([&] { sum(a, x); }); });
  graph.launch();
  EXPECT_EQ(a.to_host()[0], 7.0);
}

}  // namespace
}  // namespace elbo::test
