#include "reports/plan_report.h"

#include <cstdio>
#include <iostream>

#include "elbo/elbo.h"
#include "model/state.h"
#include "commands/recipe_argument.h"
#include "reports/progress.h"
#include "reports/report.h"
#include "commands/run_folder.h"
#include "base/check.h"
#include "train/step_plan.h"

namespace elbo::command {
namespace {

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

/// What a row of a slot is: [height, width, channels], or [values].
std::vector<std::int64_t> extents_of(const nn::SlotInfo& slot) {
  if (!slot.picture.is_picture()) return {slot.cols};
  return {slot.picture.height, slot.picture.width, slot.picture.channels};
}

/// "28x28x1", "784"
std::string text_of(const std::vector<std::int64_t>& extents) {
  std::string text;
  for (const std::int64_t extent : extents) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

/// The layers of both networks, in the order of a forward pass.
std::vector<nn::LayerSummary> layers_of(const Model& model) {
  const VaeParts& parts = model.state().vae->parts();
  std::vector<nn::LayerSummary> layers = parts.encoder.layers();
  layers.insert(layers.end(), parts.decoder.layers().begin(), parts.decoder.layers().end());
  return layers;
}

Json to_json(const nn::LayerSummary& layer) {
  return {{"name", layer.name},
          {"layer", layer.text},
          {"input", extents_of(layer.input)},
          {"output", extents_of(layer.output)},
          {"parameters", layer.parameters}};
}

void print_layers(const Model& model) {
  char line[256];
  std::snprintf(line, sizeof line, "%-32s%-36s%-34s%12s", "layer", "kind", "shapes", "parameters");
  std::cout << line << '\n';
  for (const nn::LayerSummary& layer : layers_of(model)) {
    const std::string shapes =
        concat(text_of(extents_of(layer.input)), " -> ", text_of(extents_of(layer.output)));
    std::snprintf(line, sizeof line, "%-32s%-36s%-34s%12s", layer.name.c_str(), layer.text.c_str(),
                  shapes.c_str(), with_commas(static_cast<double>(layer.parameters)).c_str());
    std::cout << line << '\n';
  }
  std::cout << '\n';
}

/// A number in a column, or a dash where there is none to give.
std::string cell(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return value > 0.0 ? text : "-";
}

void print_line(const std::string& op, const std::string& shape, const std::string& how, double flops,
                double bytes, double seconds) {
  const bool timed = seconds > 0.0;
  char line[256];
  std::snprintf(line, sizeof line, "%-32s%-36s%-34s%9s%9s%10s%9s%8s", op.c_str(), shape.c_str(), how.c_str(),
                cell(1e-6 * flops, "%.1f").c_str(), cell(1e-6 * bytes, "%.2f").c_str(),
                cell(1e6 * seconds, "%.1f").c_str(),
                cell(timed ? 1e-9 * flops / seconds : 0.0, "%.0f").c_str(),
                cell(timed ? 1e-9 * bytes / seconds : 0.0, "%.0f").c_str());
  std::cout << line << '\n';
}

void print_table(const Model& model, const StepPlan& plan) {
  const Recipe& recipe = model.recipe();
  std::cout << recipe.name << " on " << describe(model.device(), parse_precision(recipe.train.precision))
            << ": a training step of " << plan.batch << ' ' << unit_of(model.picture()) << "\n\n";
  print_layers(model);
  char header[256];
  std::snprintf(header, sizeof header, "%-32s%-36s%-34s%9s%9s%10s%9s%8s", "op", "shape", "runs", "MFLOP",
                "MB", "us", "GFLOP/s", "GB/s");
  std::cout << header << '\n';
  double flops = 0.0, bytes = 0.0;
  for (const OpCall& call : plan.calls) {
    print_line(call.op, call.shape, runs(call), call.flops, call.bytes, call.seconds);
    flops += call.flops;
    bytes += call.bytes;
  }
  print_line("all of them", "", "", flops, bytes, plan.op_seconds);
  print_line("a step as it is trained", "", "", flops, bytes, plan.step_seconds);
}

}  // namespace

int run_plan(const PlanOptions& options, bool json) {
  Recipe recipe = find_recipe(options.recipe);
  for (const auto& setting : options.settings) recipe.set(setting);
  recipe.validate();
  const Device device = Device::parse(options.device);
  const Dataset data = load_data(recipe);
  Model model(recipe, data.dims(), device, data.picture);
  const StepPlan plan = plan_step(model, data);
  if (!json) {
    print_table(model, plan);
    return 0;
  }
  Json ops = Json::array();
  for (const OpCall& call : plan.calls) ops.push_back(to_json(call));
  Json layers = Json::array();
  for (const nn::LayerSummary& layer : layers_of(model)) layers.push_back(to_json(layer));
  print({{"recipe", recipe.name},
         {"device", device.name()},
         {"description", describe(device)},
         {"threads", model.state().context->threads()},
         {"precision", model.recipe().train.precision},
         {"batch", plan.batch},
         {"layers", layers},
         {"ops", ops},
         {"microseconds", 1e6 * plan.op_seconds},
         {"step_microseconds", 1e6 * plan.step_seconds}});
  return 0;
}

}  // namespace elbo::command
