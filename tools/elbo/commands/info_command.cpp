// elbo info

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "commands/command.h"
#include "reports/column_table.h"
#include "reports/metrics_table.h"
#include "reports/plan_report.h"
#include "reports/progress.h"
#include "reports/report.h"
#include "reports/settings_page.h"
#include "reports/table_file.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "base/text.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

struct InfoOptions {
  std::string run;
  PlanOptions plan;
  bool devices = false;
  bool settings = false;
  bool json = false;
  bool metrics_csv = false;
  std::string out;  ///< of metrics_csv
};

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text + "  ";
}

Json device_list() {
  Json list = Json::array();
  for (const auto& info : devices()) {
    list.push_back({{"device", info.device.name()},
                    {"description", info.description},
                    {"memory_bytes", info.memory_bytes ? Json(*info.memory_bytes) : Json()}});
  }
  return list;
}

void print_devices() {
  for (const auto& info : devices()) {
    std::string line = concat("  ", padded(info.device.name(), 8), info.description);
    if (info.memory_bytes) line += concat(", ", (*info.memory_bytes + (1ull << 29)) / (1ull << 30), " GiB");
    std::cout << fitted(line) << '\n';
  }
}

const char* in_words(CudaSupport support) {
  switch (support) {
    case CudaSupport::cuda:
      return "in this build";
    case CudaSupport::emulated:
      return "emulated on the CPU, for tests";
    case CudaSupport::none:
      break;
  }
  return "not in this build";
}

std::string in_words(ThreadsBy by) {
  switch (by) {
    case ThreadsBy::quota:
      return "the cores that this container's CPU quota leaves";
    case ThreadsBy::environment:
      return "as OMP_NUM_THREADS says";
    case ThreadsBy::program:  // only with --plan
    case ThreadsBy::cores:
      break;
  }
  return "one a core; --threads or OMP_NUM_THREADS changes that";
}

int run_installation(const InfoOptions& options) {
  const int threads = cpu_threads();
  if (options.json) {
    print({{"version", version()},
           {"cuda", cuda_support_name(cuda_support())},
           {"threads", threads},
           {"default_device", Device::automatic().name()},
           {"devices", device_list()}});
    return 0;
  }
  if (!options.devices) {
    std::cout << fitted(concat("elbo ", version(), "\n  CUDA      ", in_words(cuda_support()),
                               "\n  threads   ", threads, " on the CPU, ", in_words(cpu_threads_by()),
                               "\n  default   ", Device::automatic().name(), "\n\nDevices:\n"));
  }
  print_devices();
  return 0;
}

std::string shape_of(const TensorInfo& tensor) {
  std::string text;
  for (const auto size : tensor.shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

// {"name": …, "model": {"latent": …, …}, …}: the recipe's settings, by section.
Json recipe_object(const Recipe& recipe) {
  Json object = Json::object();
  for (const Setting& setting : recipe_settings()) {
    Json* place = &object;
    for (const std::string_view part : data::pieces(setting.name, '.')) place = &(*place)[part];
    const std::string value = recipe.value(setting.name);
    *place = Json::parse(value).value_or(value);  // such TOML is JSON, if it is UTF-8
  }
  return object;
}

/// What a conditional model reads beside the values; null for another.
Json conditions_json(const Model& model) {
  Json list;
  for (const ConditionColumn& condition : model.conditions()) {
    const Column& column = condition.column;
    Json json = {{"name", column.name}, {"kind", column_kind_name(column.kind)}};
    if (!column.levels.empty()) json["levels"] = column.levels;
    if (column.levels.empty()) {
      json["mean"] = condition.mean + column.origin;
      json["deviation"] = condition.deviation;
    }
    list.push_back(std::move(json));
  }
  return list;
}

void print_conditions(const Model& model) {
  const std::vector<ConditionColumn> conditions = model.conditions();
  if (!conditions.empty()) std::cout << "\nConditions:\n";
  for (const ConditionColumn& condition : conditions) {
    const Column& column = condition.column;
    std::string levels;
    for (const std::string& level : column.levels) levels += (levels.empty() ? "" : ", ") + level;
    std::cout << "  " << padded(data::escaped(column.name), 28)
              << (column.levels.empty()
                      ? concat("mean ", cell_text(column, static_cast<float>(condition.mean)), ", deviation ",
                               condition.deviation)
                      : concat(column.levels.size(), " levels: ", data::escaped(shortened(levels, 60))))
              << '\n';
  }
}

int run_run(const InfoOptions& options) {
  auto model = Model::load(options.run, Device::cpu());
  const std::vector<TensorInfo> tensors = model.tensors();
  const auto epochs = read_metrics(output_folder(options.run));
  const Json metrics = epochs.empty() ? Json() : epochs.back();
  if (options.json) {
    Json list = Json::array();
    for (const auto& tensor : tensors) list.push_back({{"name", tensor.name}, {"shape", tensor.shape}});
    const auto picture = model.picture();
    print(
        {{"run", options.run},
         {"recipe", recipe_object(model.recipe())},
         {"dims", model.dims()},
         {"latent", model.latent()},
         {"picture", {{"height", picture.height}, {"width", picture.width}, {"channels", picture.channels}}},
         {"parameters", model.parameter_count()},
         {"conditions", conditions_json(model)},
         {"tensors", list},
         {"last_epoch", metrics}});
    return 0;
  }
  std::cout << options.run << ": " << with_commas(static_cast<double>(model.parameter_count()))
            << " parameters, rows of " << model.dims() << " values\n\n"
            << model.recipe().to_toml();
  print_conditions(model);
  std::cout << "\nTensors:\n";
  for (const auto& tensor : tensors) std::cout << "  " << padded(tensor.name, 28) << shape_of(tensor) << '\n';
  if (!metrics.is_null()) std::cout << "\nLast epoch:\n  " << metrics.dump() << '\n';
  return 0;
}

// Writes the costs of every epoch as a table.
int write_metrics(const InfoOptions& options) {
  if (options.run.empty()) throw ConfigError("--metrics-csv needs a RUN, whose metrics it writes.");
  const fs::path folder = output_folder(options.run);
  const auto epochs = read_metrics(folder);
  if (epochs.empty())
    throw IoError(concat(folder.string(), ": no epochs to write; it has no metrics.jsonl with any."));
  const fs::path file = options.out.empty() ? folder / "metrics.csv" : fs::path(options.out);
  file_kind(file, {FileKind::csv});
  write_metrics_csv(file, epochs);
  std::cout << file.string() << ": the costs of " << epochs.size()
            << (epochs.size() == 1 ? " epoch\n" : " epochs\n");
  return 0;
}

}  // namespace

void add_info(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("info", "This build and its devices, or a trained model");
  auto options = std::make_shared<InfoOptions>();
  command->add_option("RUN", options->run, "A run's folder, or a model.safetensors");
  command->add_flag("--devices", options->devices, "List the devices only");
  command->add_flag("--settings", options->settings, "Print every setting of a recipe, in Markdown")
      ->excludes("RUN");
  auto* plan = command->add_option("--plan", options->plan.recipe,
                                   "List the ops of a training step of this recipe, and the time of each");
  plan->type_name("RECIPE")->excludes("RUN");
  add_device(*command, options->plan.device);
  for (const char* name : {"--device", "--threads"}) command->get_option(name)->needs(plan);
  command
      ->add_option_function<std::vector<std::string>>(
          "--set", [options](const std::vector<std::string>& all) { options->plan.settings = all; },
          "With --plan: any of the recipe's settings, as in --set train.batch=1024")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE")
      ->needs(plan);
  auto* metrics = command->add_flag("--metrics-csv", options->metrics_csv,
                                    "Write the costs of every epoch of RUN as a table");
  command->add_option("--out", options->out, "The file of --metrics-csv [metrics.csv in RUN]")
      ->needs(metrics);
  command->add_flag("--json", options->json, "As one JSON object")->excludes(metrics);
  command->callback([options, plan, &action] {
    const bool plans = plan->count() > 0;
    action = [options, plans] {
      if (options->settings) {
        std::cout << settings_page();
        return 0;
      }
      if (options->metrics_csv) return write_metrics(*options);
      if (plans) return run_plan(options->plan, options->json);
      return options->run.empty() ? run_installation(*options) : run_run(*options);
    };
  });
}

}  // namespace elbo::command
