#include "reports/plan_report.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "elbo/elbo.h"
#include "commands/command.h"
#include "commands/recipe_argument.h"
#include "reports/progress.h"
#include "reports/column_table.h"
#include "reports/report.h"
#include "commands/run_argument.h"
#include "base/check.h"

namespace elbo::command {
namespace {

constexpr std::size_t kTexts = 3;  // columns of text before those of numbers

/// "tensor cores, 32x64x32, 2 splits", "tiles, bf16"
std::string runs(const OpCall& call) {
  std::string text = call.engine;
  if (!call.tile.empty()) text += ", " + call.tile;
  if (call.splits > 1) text += concat(", ", call.splits, " splits");
  if (call.flops > 0.0) text += concat(", ", precision_name(call.precision));
  return text;
}

Json to_json(const OpCall& call) {
  return {{"op", call.op},
          {"shape", call.shape},
          {"engine", call.engine},
          {"tile", call.tile.empty() ? Json() : Json(call.tile)},
          {"splits", call.splits},
          {"precision", precision_name(call.precision)},
          {"flops", call.flops},
          {"bytes", call.bytes},
          {"microseconds", 1e6 * call.seconds}};
}

/// "28x28x1", "784"
std::string text_of(const std::vector<std::int64_t>& extents) {
  std::string text;
  for (const std::int64_t extent : extents) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

Json to_json(const LayerInfo& layer) {
  return {{"name", layer.name},
          {"layer", layer.text},
          {"input", layer.input},
          {"output", layer.output},
          {"parameters", layer.parameters}};
}

void print_layers(const std::vector<LayerInfo>& layers) {
  std::vector<TableLine> lines = {{"layer", "kind", "shapes", "parameters"}};
  for (const LayerInfo& layer : layers) {
    lines.push_back({layer.name, layer.text, concat(text_of(layer.input), " -> ", text_of(layer.output)),
                     with_commas(static_cast<double>(layer.parameters))});
  }
  print_columns(lines, kTexts);
  std::cout << '\n';
}

/// A number in a column, or a dash if there is none.
std::string cell(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return value > 0.0 ? text : "-";
}

TableLine line_of(const std::string& op, const std::string& shape, const std::string& how, double flops,
                  double bytes, double seconds) {
  const bool timed = seconds > 0.0;
  return {op,
          shape,
          how,
          cell(1e-6 * flops, "%.1f"),
          cell(1e-6 * bytes, "%.2f"),
          cell(1e6 * seconds, "%.1f"),
          cell(timed ? 1e-9 * flops / seconds : 0.0, "%.0f"),
          cell(timed ? 1e-9 * bytes / seconds : 0.0, "%.0f")};
}

std::string in_megabytes(std::size_t bytes) {
  return concat(fixed(1e-6 * static_cast<double>(bytes), 1), " MB");
}

void print_memory(const TrainingMemory& memory) {
  std::cout << '\n'
            << wrapped(concat("memory of the training: ", in_megabytes(memory.total()), ": parameters ",
                              in_megabytes(memory.parameters), ", activations ",
                              in_megabytes(memory.activations), ", evaluation ",
                              in_megabytes(memory.evaluation), ", data ", in_megabytes(memory.data),
                              ", copies of parameters ", in_megabytes(memory.copies)))
            << '\n';
}

Json to_json(const TrainingMemory& memory) {
  return {{"parameters", memory.parameters}, {"activations", memory.activations},
          {"evaluation", memory.evaluation}, {"data", memory.data},
          {"copies", memory.copies},         {"total", memory.total()}};
}

void print_table(const Model& model, const StepPlan& plan) {
  const Recipe& recipe = model.recipe();
  std::cout << recipe.name << " on " << describe(model.device(), recipe.train.precision.value())
            << ": a training step of " << plan.batch << ' ' << unit_of(model.picture()) << "\n\n";
  print_layers(plan.layers);
  std::vector<TableLine> lines = {{"op", "shape", "runs", "MFLOP", "MB", "us", "GFLOP/s", "GB/s"}};
  double flops = 0.0, bytes = 0.0;
  for (const OpCall& call : plan.calls) {
    lines.push_back(line_of(call.op, call.shape, runs(call), call.flops, call.bytes, call.seconds));
    flops += call.flops;
    bytes += call.bytes;
  }
  lines.push_back(line_of("all of them", "", "", flops, bytes, plan.op_seconds));
  lines.push_back(line_of("a step as it is trained", "", "", flops, bytes, plan.step_seconds));
  print_columns(lines, kTexts, 2);  // rates follow from the other numbers
}

}  // namespace

int run_plan(const PlanOptions& options, bool json) {
  std::vector<std::string> notes;
  Recipe recipe = find_recipe(options.recipe, &notes);
  for (const auto& setting : options.settings) recipe.set(setting, &notes);
  recipe.validate();
  tell(notes);
  const Device device = Device::parse(options.device);
  const Dataset data = load_data(recipe);
  recipe = follow_data(std::move(recipe), data);
  const TrainingMemory memory = training_memory(recipe, data, device);
  Model model(recipe, data.dims(), device, data.picture);
  const StepPlan plan = plan_step(model, data);
  if (!json) {
    print_table(model, plan);
    print_memory(memory);
    return 0;
  }
  Json ops = Json::array();
  for (const OpCall& call : plan.calls) ops.push_back(to_json(call));
  Json layers = Json::array();
  for (const LayerInfo& layer : plan.layers) layers.push_back(to_json(layer));
  print({{"recipe", recipe.name},
         {"device", device.name()},
         {"description", describe(device)},
         {"threads", cpu_threads()},
         {"precision", precision_name(model.recipe().train.precision.value())},
         {"batch", plan.batch},
         {"layers", layers},
         {"ops", ops},
         {"memory_bytes", to_json(memory)},
         {"microseconds", 1e6 * plan.op_seconds},
         {"step_microseconds", 1e6 * plan.step_seconds}});
  return 0;
}

}  // namespace elbo::command
