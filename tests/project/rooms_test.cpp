// Rooms include only what HACKING.md allows, and each kind of call occurs in its one place only.

#include <gtest/gtest.h>

#include "support/places.h"
#include "support/room_rules.h"

namespace elbo::test {
namespace {

const SourceTree& project() {
  static const SourceTree sources = read_sources(project_folder());
  return sources;
}

TEST(Rooms, ProjectIsRead) {
  ELBO_REQUIRE_SOURCES();
  EXPECT_GT(project().size(), 40u);
  EXPECT_TRUE(project().count("src/ops/adam.h"));
  EXPECT_TRUE(project().count("include/elbo/elbo.h"));
}

TEST(Rooms, IncludesKeepToTheTable) {
  ELBO_REQUIRE_SOURCES();
  EXPECT_EQ(describe(check_includes(project())), "");
}

TEST(Rooms, CallsKeepToTheirPlace) {
  ELBO_REQUIRE_SOURCES();
  EXPECT_EQ(describe(check_words(project())), "");
}

TEST(Rooms, MessagesNameSettings) {
  ELBO_REQUIRE_SOURCES();
  EXPECT_EQ(describe(check_messages(project())), "");
}

TEST(Rooms, FlagsInMessagesAreCaught) {
  const SourceTree tree = {{"src/train/a.cpp", "int a;  // \"use --resume\"\nauto m = \"use --resume\";\n"},
                           {"src/train/b.cpp", "auto dash = \"a -- b\";\n--i;\n"},
                           {"tools/elbo/a.cpp", "auto m = \"use --resume\";\n"}};
  const auto violations = check_messages(tree);
  ASSERT_EQ(violations.size(), 1u) << describe(violations);
  EXPECT_EQ(violations[0].file, "src/train/a.cpp");
  EXPECT_EQ(violations[0].line, 2);
}

TEST(Rooms, EveryOpHasBodyKernelCaseTestAndBenchmark) {
  ELBO_REQUIRE_SOURCES();
  EXPECT_EQ(describe(check_ops(project())), "");
}

// The checker itself: it reports each planted violation at its line, and does not report its correct twin.

struct Planted {
  const char* file;
  const char* text;
  bool allowed;
};

/// A tree of empty files, as targets of includes.
SourceTree landmarks() {
  SourceTree tree;
  for (const char* file : {"include/elbo/error.h",
                           "include/elbo/dataset.h",
                           "include/elbo/recipe.h",
                           "include/elbo/model.h",
                           "include/elbo/train.h",
                           "src/base/check.h",
                           "src/io/file.h",
                           "src/math/philox.h",
                           "src/runtime/context.h",
                           "src/runtime/cuda_api.h",
                           "src/runtime/cuda_state.h",
                           "src/ops/adam.h",
                           "src/ops/linear.h",
                           "src/data/resident.h",
                           "src/nn/parameters.h",
                           "src/recipe/choices.h",
                           "src/vae/vae.h",
                           "src/analysis/neighbours.h",
                           "src/evaluation/scores.h",
                           "src/model/state.h",
                           "src/train/trainer.h",
                           "kernels/platform.cuh",
                           "kernels/adam.cuh",
                           "tools/elbo/reports/report.h"}) {
    tree[file] = "";
  }
  return tree;
}

TEST(Rooms, PlantedIncludesAreCaught) {
  const Planted cases[] = {
      {"include/elbo/a.h", "#include <vector>", true},
      {"include/elbo/a.h", "#include <cuda_runtime.h>", false},
      {"include/elbo/a.h", "#include \"base/check.h\"", false},
      {"include/elbo/a.h", "#include <omp.h>", false},
      {"src/math/a.h", "#include <cmath>", true},
      {"src/math/a.h", "#include <vector>", false},
      {"src/math/a.h", "#include \"base/check.h\"", false},
      {"src/math/a.h", "#include \"elbo/error.h\"", false},
      {"src/base/a.cpp", "#include \"elbo/error.h\"", true},
      {"src/base/a.cpp", "#include \"elbo/dataset.h\"", false},
      {"src/base/a.cpp", "#include \"io/file.h\"", false},
      {"src/io/a.cpp", "#include \"base/check.h\"", true},
      {"src/io/a.cpp", "#include \"runtime/context.h\"", false},
      {"src/runtime/a.cpp", "#include \"elbo/error.h\"", true},
      {"src/runtime/a.cpp", "#include \"math/philox.h\"", false},
      {"src/runtime/a.cpp", "#include <cuda_runtime.h>", false},
      {"src/runtime/a.cpp", "#include \"runtime/cuda_state.h\"", false},
      {"src/runtime/a.cpp", "#include \"runtime/cuda_api.h\"", true},
      {"src/runtime/cuda_stream.cpp", "#include <cuda_runtime.h>", true},
      {"src/ops/a.cpp", "#include <hwy/highway.h>", true},
      {"src/ops/a.cpp", "#include <nlohmann/json.hpp>", false},
      {"src/ops/a.cpp", "#include \"data/resident.h\"", false},
      {"src/ops/a.cpp", "#include \"runtime/cuda_state.h\"", false},
      {"src/data/a.cpp", "#include \"ops/adam.h\"", true},
      {"src/data/a.cpp", "#include \"elbo/dataset.h\"", true},
      {"src/data/a.cpp", "#include \"elbo/recipe.h\"", false},
      {"src/data/a.cpp", "#include \"elbo/model.h\"", false},
      {"src/data/a.cpp", "#include \"elbo/train.h\"", false},
      {"src/data/a.cpp", "#include \"recipe/choices.h\"", false},
      {"src/nn/a.cpp", "#include \"data/resident.h\"", true},
      {"src/nn/a.cpp", "#include \"recipe/choices.h\"", false},
      {"src/nn/a.cpp", "#include \"vae/vae.h\"", false},
      {"src/recipe/a.cpp", "#include \"elbo/recipe.h\"", true},
      {"src/recipe/a.cpp", "#include \"nn/parameters.h\"", true},
      {"src/recipe/a.cpp", "#include \"vae/vae.h\"", false},
      {"src/recipe/a.cpp", "#include \"elbo/model.h\"", false},
      {"src/vae/prior/a.cpp", "#include \"recipe/choices.h\"", true},
      {"src/vae/a.cpp", "#include \"evaluation/scores.h\"", false},
      {"src/vae/likelihood/a.cpp", "#include \"model/state.h\"", false},
      {"src/analysis/a.cpp", "#include \"elbo/dataset.h\"", true},
      {"src/analysis/a.cpp", "#include \"vae/vae.h\"", false},
      {"src/analysis/a.cpp", "#include \"elbo/model.h\"", false},
      {"src/evaluation/a.cpp", "#include \"analysis/neighbours.h\"", true},
      {"src/evaluation/a.cpp", "#include \"vae/vae.h\"", true},
      {"src/evaluation/a.cpp", "#include \"model/state.h\"", false},
      {"src/model/a.cpp", "#include \"evaluation/scores.h\"", true},
      {"src/model/a.cpp", "#include \"train/trainer.h\"", false},
      {"src/model/a.cpp", "#include \"elbo/train.h\"", false},
      {"src/train/a.cpp", "#include \"model/state.h\"", true},
      {"src/train/a.cpp", "#include \"platform.cuh\"", false},
      {"tools/elbo/commands/a.cpp", "#include \"reports/report.h\"", true},
      {"tools/elbo/commands/a.cpp", "#include \"io/file.h\"", true},
      {"tools/elbo/commands/a.cpp", "#include \"runtime/context.h\"", false},
      {"tools/elbo/a.cpp", "#include \"platform.cuh\"", false},
      {"tools/elbo/a.cpp", "#include \"../../kernels/platform.cuh\"", false},
      {"kernels/a.cuh", "#include \"math/philox.h\"", true},
      {"kernels/a.cuh", "#include \"runtime/context.h\"", false},
      {"kernels/adam.cu", "#include \"ops/adam.h\"", true},
      {"kernels/adam.cu", "#include \"runtime/cuda_state.h\"", true},
      {"kernels/adam.cu", "#include \"ops/linear.h\"", false},
      {"kernels/adam.cu", "#include \"elbo/error.h\"", false},
      {"src/attic/a.cpp", "", false},
      {"src/ops/a.cpp", "#include \"nowhere.h\"", false},
      {"src/ops/a.cpp", "  #  include   <nlohmann/json.hpp>  // with a reason", false},
  };
  for (const Planted& c : cases) {
    SourceTree tree = landmarks();
    tree[c.file] = std::string("#pragma once\n") + c.text + "\n";
    const auto violations = check_includes(tree);
    EXPECT_EQ(violations.size(), c.allowed ? 0u : 1u) << c.file << ": " << c.text << "\n"
                                                      << describe(violations);
    if (!c.allowed && !violations.empty() && *c.text) {
      EXPECT_EQ(violations[0].file, c.file);
      EXPECT_EQ(violations[0].line, 2);
    }
  }
}

TEST(Rooms, PlantedWordsAreCaught) {
  const Planted cases[] = {
      {"kernels/a.cu", "asm volatile(\"\");", false},
      {"kernels/arch/a.cuh", "asm volatile(\"\");", true},
      {"kernels/a.cu", "// asm would be faster", true},
      {"kernels/a.cu", "k<<<1, 2>>>(x);", false},
      {"src/ops/a.cpp", "auto s = \"k<<<1, 2>>>(x)\";", true},
      {"kernels/a.cu", "cudaMalloc(&p, 4);", false},
      {"src/ops/a.cpp", "cudaStreamSynchronize(s);", false},
      {"src/ops/a.cpp", "cudaStream_t stream = s;", true},
      {"src/runtime/a.cpp", "cudaEventRecord (e);", false},
      {"src/runtime/cuda_stream.cpp", "cudaMalloc(&p, 4);", true},
      {"kernels/linear.cu", "cublasLtCreate(&h);", false},
      {"kernels/a.cu", "__syncthreads();", false},
      {"kernels/a.cu", "x = __shfl_xor_sync(m, x, 1);", false},
      {"kernels/block.cuh", "__syncthreads();", true},
      {"kernels/a.cu", "__shared__ float s[3];", false},
      {"kernels/a.cu", "atomicAdd(p, 1.0f);", false},
      {"src/ops/a.cpp", "std::cerr << 1;", false},
      {"src/ops/a.cpp", "/* std::cerr */ f();", true},
      {"src/train/a.cpp", "exit(1);", false},
      {"src/train/a.cpp", "on_exit_requested(1);", true},
      {"src/train/a.cpp", "const long n = 60'000; abort();", false},
      {"tools/elbo/a.cpp", "std::cout << 1;", true},
      {"src/data/a.cpp", "#pragma omp parallel for if (n > 64)", false},
      {"src/data/a.cpp", "#pragma omp parallel num_threads(2)", false},
      {"src/data/a.cpp", "#pragma omp parallel for num_threads(cpu_threads()) if (n > 64)", true},
      {"src/data/a.cpp", "#pragma omp for schedule(static)", true},
  };
  for (const Planted& c : cases) {
    const SourceTree tree = {{c.file, std::string("/* two\nlines */ ") + c.text + "\n"}};
    const auto violations = check_words(tree);
    ASSERT_EQ(violations.size(), c.allowed ? 0u : 1u) << c.file << ": " << c.text << "\n"
                                                      << describe(violations);
    if (!c.allowed) {
      EXPECT_EQ(violations[0].line, 2);
    }
  }
}

TEST(Rooms, IncompleteOpsAreCaught) {
  SourceTree tree = {{"src/ops/a.h", "namespace elbo::cuda {}"},
                     {"src/ops/a.cpp", ""},
                     {"kernels/a.cu", ""},
                     {"tests/cases/a.h", ""},
                     {"tests/ops/a_test.cpp", ""},
                     {"bench/a_bench.cpp", ""},
                     {"src/ops/kernels.h", "templates"}};
  EXPECT_EQ(describe(check_ops(tree)), "");
  for (const char* part :
       {"src/ops/a.cpp", "kernels/a.cu", "tests/cases/a.h", "tests/ops/a_test.cpp", "bench/a_bench.cpp"}) {
    SourceTree without = tree;
    without.erase(part);
    const auto violations = check_ops(without);
    ASSERT_EQ(violations.size(), 1u) << part;
    EXPECT_EQ(violations[0].what, part);
  }
  SourceTree untraced = tree;
  untraced["src/ops/a.cpp"] = "if (context.is_cuda()) return run_on_cuda(context, a);";
  EXPECT_EQ(check_ops(untraced).size(), 1u);
  untraced["src/ops/a.cpp"] = "const TracedOp traced; if (context.is_cuda()) return run_on_cuda(context, a);";
  EXPECT_EQ(describe(check_ops(untraced)), "");
  tree["kernels/b.cu"] = "";
  EXPECT_EQ(check_ops(tree).size(), 1u);
}

}  // namespace
}  // namespace elbo::test
