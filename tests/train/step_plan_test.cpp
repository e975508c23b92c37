// The plan of a step: every op once, with its engine and time.

#include "elbo/plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "model/state.h"
#include "ops/op_trace.h"
#include "ops/linear.h"
#include "support/cli.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

/// Flops of a step's products: two per multiply-add; the first layer's input has no gradient.
double gemm_flops(const Model& model, std::int64_t batch) {
  double weights = 0.0, first = 0.0;
  for (const nn::ParameterPlace& place : state_of(model).vae->parameters().layout().places) {
    if (place.cols == 0) continue;
    if (weights == 0.0) first = static_cast<double>(place.size());
    weights += static_cast<double>(place.size());
  }
  return 2.0 * static_cast<double>(batch) * (3.0 * weights - first);
}

TEST(StepPlan, CountsEveryGemmOnce) {
  ELBO_REQUIRE_DEVICE();
  Recipe recipe = small_recipe();
  recipe.train.precision = Precision::bf16;
  const Dataset data = patterned_data(27, 0);
  Model model = make_model(recipe, data);
  const StepPlan plan = plan_step(model, data);
  EXPECT_EQ(plan.batch, 8);
  double flops = 0.0, seconds = 0.0;
  for (const OpCall& call : plan.calls) {
    flops += call.flops;
    seconds += call.seconds;
    EXPECT_FALSE(call.op.empty() || call.shape.empty() || call.engine.empty()) << call.op;
    EXPECT_GT(call.bytes, 0.0) << call.op;
    EXPECT_GE(call.seconds, 0.0) << call.op;
    EXPECT_EQ(call.precision, call.flops > 0.0 ? Precision::bf16 : Precision::fp32) << call.op;
  }
  EXPECT_EQ(flops, gemm_flops(model, 8));
  EXPECT_EQ(plan.op_seconds, seconds);
  EXPECT_GT(plan.step_seconds, 0.0);
  for (const char* op : {"gather_batch", "record_loss"}) {
    EXPECT_TRUE(std::ranges::any_of(plan.calls, [&](const OpCall& call) { return call.op == op; })) << op;
  }
}

// On a GPU each op runs repeatedly for its time; here, emulated, six times, which is more than there are
// batches. If each run advanced to the next batch, it would read beyond the data, where everything is NaN.
TEST(StepPlan, MeasuringLeavesParametersFiniteHoweverOftenOpsRun) {
  ELBO_REQUIRE_DEVICE();
  for (const double clip_norm : {0.0, 1.0}) {
    SCOPED_TRACE(clip_norm);
    Recipe recipe = small_recipe();
    recipe.train.clip_norm = clip_norm;
    const Dataset data = patterned_data(24, 0);  // three batches
    Model model = make_model(recipe, data);
    ASSERT_EQ(plan_step(model, data).batch, 8);
    nn::Parameters& parameters = state_of(model).vae->parameters();
    Context& context = *state_of(model).context;
    for (const auto& array : {parameters.values(), parameters.first_moment(), parameters.second_moment()}) {
      Buffer<float> copy(context, array.size);
      context.copy_on_device(copy.data(), array.data, sizeof(float) * static_cast<std::size_t>(array.size));
      for (const float value : copy.to_host()) ASSERT_TRUE(std::isfinite(value));
    }
  }
}

TEST(StepPlan, AnOpInsideAnotherIsNoCallOfItsOwn) {
  Context context(Device::cpu());
  OpTrace trace;
  Buffer<float> x(context, 6), w(context, 3), y(context, 2);
  x.fill_zero();
  w.fill_zero();
  const auto layer = [&] {
    ops::linear_forward(context, y.matrix(2, 1), {}, x.matrix(2, 3), w.matrix(1, 3), {}, Activation::relu);
  };
  layer();
  {
    const TraceScope scope(context, trace);
    {
      const TracedOp whole(context, [] { return plain_call("whole", "2", 1.0); });
      layer();
      layer();
    }
    layer();
  }
  layer();
  ASSERT_EQ(trace.calls.size(), 2u);
  EXPECT_EQ(trace.calls[0].op, "whole");
  EXPECT_EQ(trace.calls[1].op, "linear_forward");
  EXPECT_EQ(trace.calls[1].shape, "2x3 -> 2x1");
  EXPECT_EQ(trace.calls[1].flops, 12.0);
}

std::vector<std::string> plan_of(const std::string& data, const std::vector<std::string>& more) {
  std::vector<std::string> all = {"info", "--plan", "digits", "--device", device().name()};
  for (const auto& setting : {"data.name=" + data, std::string("model.encoder=[8]"),
                              std::string("model.decoder=[8]"), std::string("train.batch=10")}) {
    all.insert(all.end(), {"--set", setting});
  }
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(CliPlan, PrintsATableAndJson) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 40, 10);
  const auto result = run_elbo(plan_of(data, {"--json", "--set", "train.precision=tf32"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = Json::parse(result.out);
  EXPECT_EQ(json.at("recipe"), "digits");
  EXPECT_EQ(json.at("device"), device().name());
  EXPECT_EQ(json.at("precision"), "tf32");
  EXPECT_EQ(json.at("batch"), 10);
  EXPECT_GT(json.at("step_microseconds").get<double>(), 0.0);
  const auto& memory = json.at("memory_bytes");
  std::size_t parts = 0;
  for (const char* part : {"parameters", "activations", "evaluation", "data", "copies"})
    parts += memory.at(part).get<std::size_t>();
  EXPECT_EQ(memory.at("total"), parts);
  EXPECT_GT(memory.at("activations"), 10u * 30 * sizeof(float));
  const auto& layers = json.at("layers");
  ASSERT_EQ(layers.size(), 4u);
  EXPECT_EQ(layers[0], Json({{"name", "encoder.hidden.0"},
                             {"layer", "8"},
                             {"input", {6, 5, 1}},
                             {"output", {8}},
                             {"parameters", 248}}));
  const auto is_first_layer = [](const Json& op) {
    return op.at("op") == "linear_forward" && op.at("shape") == "10x30 -> 10x8";
  };
  const auto& ops = json.at("ops");
  const auto first = std::ranges::find_if(ops, is_first_layer);
  ASSERT_NE(first, ops.end()) << result.out;
  EXPECT_EQ(first->at("flops"), 2.0 * 10 * 30 * 8);
  EXPECT_EQ(first->at("precision"), "tf32");
  EXPECT_GE(first->at("microseconds").get<double>(), 0.0);

  const auto table = run_elbo(plan_of(data, {"--set", "model.encoder=[8,\"gated 7\"]"}));
  ASSERT_EQ(table.code, 0) << table.err;
  for (const char* part :
       {"encoder.mean, log_variance", "gated 7", "8 -> 7", "linear_forward", "10x30 -> 10x8", "MFLOP",
        "gather_batch", "all of them", "memory of the training"}) {
    EXPECT_SAYS(table.out, part);
  }
}

TEST(CliPlan, MistakesAreWrongUsage) {
  expect_complaint(run_elbo({"info", "--plan", "digit"}), 2, {"did you mean \"digits\""});
  expect_complaint(run_elbo({"info", "--device", "cpu"}), 2, {"--plan"});
  expect_complaint(run_elbo({"info", "--plan", "digits", "--set", "train.batsh=3"}), 2, {"train.batch"});
}

}  // namespace
}  // namespace elbo::test
