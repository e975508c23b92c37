#include "report.h"

#include <cstdio>
#include <iostream>

#include "runtime/check.h"
#include "runtime/context.h"

namespace elbo::command {
namespace {

std::string padded(const std::string& text, int width) {
  char field[96];
  std::snprintf(field, sizeof field, "%*s", width, text.c_str());
  return field;
}

std::string fixed(double value, int decimals = 2) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace

Json to_json(const ElboTerms& terms) {
  return {{"elbo", terms.elbo}, {"reconstruction", terms.reconstruction}, {"kl", terms.kl}};
}

void add_nll(Json& json, const Evaluation& evaluation) {
  if (evaluation.nll_samples == 0) return;
  json["nll"] = evaluation.nll;
  json["nll_standard_error"] = evaluation.nll_standard_error;
  json["nll_samples"] = evaluation.nll_samples;
}

void print(const Json& json) {
  std::cout << json.dump() << '\n';
}

void print_table(const Recipe& recipe, const std::vector<std::pair<std::string, Evaluation>>& splits) {
  const bool variational = recipe.model.kind == "vae";
  const auto line = [&](const std::string& label, auto value_of) {
    std::cout << padded(label, -26);
    for (const auto& [name, evaluation] : splits) std::cout << padded(value_of(evaluation), 14);
    std::cout << '\n';
  };
  std::cout << padded("nats per example", -26);
  for (const auto& [name, evaluation] : splits) std::cout << padded(name, 14);
  std::cout << '\n';
  if (variational) {
    line("-ELBO", [](const Evaluation& e) { return fixed(-e.terms.elbo); });
    line("  reconstruction", [](const Evaluation& e) { return fixed(e.terms.reconstruction); });
    line("  KL", [](const Evaluation& e) { return fixed(e.terms.kl); });
  } else {
    line("reconstruction", [](const Evaluation& e) { return fixed(e.terms.reconstruction); });
  }
  if (!splits.empty() && splits.front().second.nll_samples > 0) {
    line(concat("NLL, ", splits.front().second.nll_samples, " samples"),
         [](const Evaluation& e) { return fixed(e.nll); });
    line("  standard error", [](const Evaluation& e) { return fixed(e.nll_standard_error); });
  }
  line("squared error (no nats)", [](const Evaluation& e) { return fixed(e.squared_error); });
  if (variational) {
    line(concat("active units of ", recipe.model.latent),
         [](const Evaluation& e) { return std::to_string(e.active_units); });
  }
  line("examples", [](const Evaluation& e) { return std::to_string(e.examples); });
}

std::string describe(Device device) {
  for (const auto& info : devices()) {
    if (info.device != device) continue;
    if (device.is_cuda()) return concat(device.name(), " (", info.description, ")");
    const int threads = Context(device).threads();
    return concat(device.name(), " (", info.description, ", ", threads,
                  threads == 1 ? " thread)" : " threads)");
  }
  return device.name();
}

}  // namespace elbo::command
