#include "train/gemm_plans.h"

#include <cctype>

#include "data/sources/known.h"
#include "elbo/version.h"
#include "io/file.h"
#include "io/json.h"
#include "base/check.h"

namespace elbo {
namespace {

/// The GPU and elbo's version, for which plans and bits are valid.
std::string identity(const Context& context) {
  return concat(context.fingerprint(), ", elbo ", version());
}

std::filesystem::path file_of(const std::filesystem::path& folder, const std::string& device) {
  std::string name;
  for (const char c : device) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.';
    if (plain || (!name.empty() && name.back() != '-')) name += plain ? c : '-';
  }
  return folder / concat(name, ".json");
}

StoredPlans read_cache(const std::filesystem::path& folder, const std::string& device) {
  try {
    StoredPlans stored = StoredPlans::from_text(io::read_file(file_of(folder, device), io::kMaxTextBytes));
    if (stored.device == device) return stored;
  } catch (const IoError&) {
    // A cache that is absent or unreadable is measured anew.
  }
  return {device, {}};
}

/// Adds to the present file, which another training may have written meanwhile.
void write_cache(const std::filesystem::path& folder, const StoredPlans& measured) {
  StoredPlans all = read_cache(folder, measured.device);
  for (const auto& [gemm, plan] : measured.plans) all.plans[gemm] = plan;
  try {
    io::write_file(file_of(folder, measured.device), all.to_text());
  } catch (const IoError&) {
    // The cache is optional: the next training measures again.
  }
}

/// The plan of that name, if this GPU has it.
std::optional<ops::GemmPlan> find(const StoredPlans& stored, const ops::GemmKey& key,
                                  const ops::GemmLimits& limits) {
  const auto found = stored.plans.find(key.name());
  return found == stored.plans.end() ? std::nullopt : ops::find_candidate(key, limits, found->second);
}

/// Makes a context's products ask these choices during its lifetime.
class ChoicesInUse {
 public:
  ChoicesInUse(Context& context, ops::GemmChoices& choices)
      : context_(context), before_(context.kernel_choices()) {
    context.set_kernel_choices(&choices);
  }
  ChoicesInUse(const ChoicesInUse&) = delete;
  ChoicesInUse& operator=(const ChoicesInUse&) = delete;
  ~ChoicesInUse() { context_.set_kernel_choices(before_); }

 private:
  Context& context_;
  KernelChoices* before_;
};

/// Settles every requested product.
void settle(Context& context, ops::GemmChoices& choices, const PlanSources& sources,
            const std::string& device) {
  const ops::GemmLimits limits = ops::gemm_limits(context);
  const StoredPlans nothing;
  const bool resumed = sources.checkpoint.device == device;
  const StoredPlans cache = resumed || sources.folder.empty() ? nothing : read_cache(sources.folder, device);
  StoredPlans measured{device, {}};
  for (const ops::GemmKey& key : choices.asked()) {
    auto plan = find(resumed ? sources.checkpoint : cache, key, limits);
    if (!plan && !resumed && sources.stopwatch) {
      plan = ops::fastest_plan(context, key, sources.stopwatch);
      if (plan) measured.plans[key.name()] = plan->name();
    }
    choices.settle(key, plan ? *plan : ops::choose_gemm(key, limits));
  }
  if (!sources.folder.empty() && !measured.plans.empty()) write_cache(sources.folder, measured);
}

}  // namespace

std::string StoredPlans::to_text() const {
  std::string list;
  for (const auto& [product, plan] : plans) {
    list += concat(list.empty() ? "\n  " : ",\n  ", io::json_string(product), ": ", io::json_string(plan));
  }
  if (!list.empty()) list += "\n ";
  return concat("{\n \"device\": ", io::json_string(device), ",\n \"plans\": {", list, "}\n}\n");
}

StoredPlans StoredPlans::from_text(const std::string& text) {
  constexpr std::size_t kMaxDepth = 16;
  StoredPlans read;
  bool device = false, plans = false;
  const bool whole = io::read_json(text, kMaxDepth, [&](const io::JsonPath& path, io::JsonValue& value) {
    using Kind = io::JsonValue::Kind;
    if (path.empty()) return value.kind == Kind::object;
    const bool of_plans = path[0].key == "plans";
    if (!of_plans && path[0].key != "device") return true;
    if (of_plans && path.size() == 1) return plans = value.kind == Kind::object;
    if (!of_plans) device = true;
    (of_plans ? read.plans[path[1].key] : read.device) = std::move(value.text);
    return value.kind == Kind::text;
  });
  return whole && device && plans ? read : StoredPlans();
}

StoredPlans stored_plans(const ModelState& model) {
  if (!model.gemm_choices || model.gemm_choices->empty()) return {};
  return {identity(*model.context), model.gemm_choices->names()};
}

PlanSources PlanSources::of(ModelState& model) {
  PlanSources sources;
  if (!model.context->is_cuda() || !model.recipe.train.tune) return sources;
  try {
    sources.folder = data::cache_folder() / "products";
  } catch (const IoError&) {
    // Without a home folder there is no cache.
  }
  if (cuda_support() != CudaSupport::emulated) {
    sources.stopwatch = [context = model.context.get()](const std::function<void()>& work) {
      return context->seconds_on_device(work);
    };
  }
  return sources;
}

void PlannedSteps::install_choices(ModelState& model) {
  if (choices) model.set_gemm_choices(std::move(choices));
}

PlannedSteps plan_steps(ModelState& model, const data::ResidentData& data,
                        const data::Preprocessor& preprocessor, const PlanSources& sources) {
  const auto make = [&](const StepGraphOptions& options) {
    return std::make_unique<StepGraphs>(model, data, preprocessor, options);
  };
  Context& context = *model.context;
  if (!context.is_cuda()) return {nullptr, make({})};
  auto choices = std::make_unique<ops::GemmChoices>();
  const ChoicesInUse scope(context, *choices);
  make({.graph_steps = 1});  // recording a step requests its products
  settle(context, *choices, sources, identity(context));
  auto graphs = make({});
  return {std::move(choices), std::move(graphs)};
}

std::unique_ptr<StepGraphs> make_step_graphs(ModelState& model, const data::ResidentData& data,
                                             const data::Preprocessor& preprocessor,
                                             const PlanSources& sources) {
  PlannedSteps steps = plan_steps(model, data, preprocessor, sources);
  steps.install_choices(model);
  return std::move(steps.graphs);
}

}  // namespace elbo
