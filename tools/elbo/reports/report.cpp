#include "reports/report.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string_view>

#include "base/check.h"
#include "reports/column_table.h"
#include "reports/width.h"
#include "elbo/traits.h"

namespace elbo::command {
namespace {

/// Escapes the control characters that JSON lets pass, DEL and U+0080 to U+009F, as JSON does.
std::string without_controls(std::string_view json) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const auto next = static_cast<unsigned char>(i + 1 < json.size() ? json[i + 1] : '\0');
    const bool wide = byte == 0xC2 && (next & 0xE0u) == 0x80u;
    if (!wide && byte != 0x7F) {
      text += json[i];
      continue;
    }
    const unsigned code = wide ? next : byte;
    text += concat("\\u00", kHex[code >> 4], kHex[code & 15u]);
    if (wide) ++i;
  }
  return text;
}

}  // namespace

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

std::string padded(const std::string& text, int width) {
  const std::size_t wanted = static_cast<std::size_t>(std::abs(width)), length = characters(text);
  const std::string space(wanted > length ? wanted - length : 0, ' ');
  return width < 0 ? text + space : space + text;
}

std::string shortened(const std::string& text, std::size_t max_length) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (characters({&text[i], 1}) > 0) starts.push_back(i);
  }
  if (starts.size() <= max_length) return text;
  const std::size_t first = (max_length - 1) / 2, last = max_length - 1 - first;
  return concat(text.substr(0, starts[first]), "…", text.substr(starts[starts.size() - last]));
}

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

Json to_json(const Recipe& recipe, const ElboTerms& terms) {
  Json json = {{"elbo", terms.elbo}, {"reconstruction", terms.reconstruction}, {"kl", terms.kl}};
  if (!traits_of(recipe).has_prior) json["elbo"] = json["kl"] = nullptr;
  return json;
}

Json active_units_json(const Recipe& recipe, const Evaluation& evaluation) {
  if (!traits_of(recipe).has_prior || evaluation.examples < 2) return nullptr;
  return evaluation.active_units;
}

std::string error_label(const Recipe& recipe) {
  return traits_of(recipe).has_classes ? "wrong classes" : "squared error (no nats)";
}

void require_finite(const std::string& split, const Evaluation& evaluation) {
  const struct {
    const char* name;
    double value;
  } results[] = {{"reconstruction cost", evaluation.terms.reconstruction},
                 {"KL", evaluation.terms.kl},
                 {"NLL", evaluation.nll ? evaluation.nll->mean : 0.0},
                 {"error of reconstructions", evaluation.squared_error}};
  for (const auto& [name, value] : results) {
    if (std::isfinite(value)) continue;
    throw Error(concat("the ", name, " on the ", split, " data is ", std::isnan(value) ? "NaN" : "infinite",
                       ": the model's parameters are too large or no numbers. Train it anew, with a lower "
                       "learning rate or a train.clip_norm."));
  }
}

void add_likelihood_figures(Json& json, const Evaluation& evaluation) {
  if (evaluation.variance) json["variance"] = *evaluation.variance;
  if (evaluation.bits_per_dimension) json["bits_per_dimension"] = *evaluation.bits_per_dimension;
  if (evaluation.nll_bits_per_dimension) json["nll_bits_per_dimension"] = *evaluation.nll_bits_per_dimension;
}

void add_nll(Json& json, const Evaluation& evaluation) {
  if (!evaluation.nll) return;
  const NllEstimate& nll = *evaluation.nll;
  json["nll"] = nll.mean;
  json["nll_standard_error"] = evaluation.examples > 1 ? Json(nll.standard_error) : Json();
  json["nll_samples"] = nll.samples;
  json["nll_effective_samples"] = nll.effective_samples;
}

void print(const Json& json) {
  // JSON must be UTF-8, and a file's name may not be.
  std::cout << without_controls(json.dump()) << '\n';
}

namespace {

constexpr int kLabel = 26, kSplit = 14;

/// The figures of some splits side by side.
void print_beside(const Recipe& recipe, const std::vector<std::pair<std::string, Evaluation>>& splits) {
  const bool variational = traits_of(recipe).has_prior;
  const auto line = [&](const std::string& label, auto value_of) {
    std::cout << padded(label, -kLabel);
    for (const auto& [name, evaluation] : splits) std::cout << padded(value_of(evaluation), kSplit);
    std::cout << '\n';
  };
  std::cout << padded("nats per example", -kLabel);
  for (const auto& [name, evaluation] : splits) std::cout << padded(name, kSplit);
  std::cout << '\n';
  if (variational) {
    line("-ELBO", [](const Evaluation& e) { return fixed(-e.terms.elbo); });
    line("  reconstruction", [](const Evaluation& e) { return fixed(e.terms.reconstruction); });
    line("  KL", [](const Evaluation& e) { return fixed(e.terms.kl); });
  } else {
    line("reconstruction", [](const Evaluation& e) { return fixed(e.terms.reconstruction); });
  }
  const auto estimated = std::ranges::find_if(splits, [](const auto& s) { return s.second.nll.has_value(); });
  if (estimated != splits.end()) {
    const auto samples = estimated->second.nll->samples;
    const auto nll_line = [&](const std::string& label, auto value_of) {
      line(label, [&](const Evaluation& e) { return e.nll ? value_of(e) : std::string("-"); });
    };
    nll_line(concat("NLL, ", samples, samples == 1 ? " sample" : " samples"),
             [](const Evaluation& e) { return fixed(e.nll->mean); });
    nll_line("  standard error", [](const Evaluation& e) {
      return e.examples > 1 ? fixed(e.nll->standard_error) : std::string("-");
    });
    nll_line("  effective samples", [](const Evaluation& e) { return fixed(e.nll->effective_samples); });
  }
  if (!splits.empty() && splits.front().second.bits_per_dimension) {
    line("-ELBO, bits per dimension", [](const Evaluation& e) { return fixed(*e.bits_per_dimension, 4); });
  }
  const auto nll_bits =
      std::ranges::find_if(splits, [](const auto& s) { return s.second.nll_bits_per_dimension.has_value(); });
  if (nll_bits != splits.end()) {
    line("NLL, bits per dimension", [](const Evaluation& e) {
      return e.nll_bits_per_dimension ? fixed(*e.nll_bits_per_dimension, 4) : std::string("-");
    });
  }
  if (!splits.empty() && splits.front().second.variance) {
    line(recipe.data.standardize ? "variance, standardised" : "variance of the values",
         [](const Evaluation& e) { return fixed(*e.variance, 6); });
  }
  line(error_label(recipe), [](const Evaluation& e) { return fixed(e.squared_error); });
  if (variational) {
    line(concat("active units of ", recipe.model.latent),
         [](const Evaluation& e) { return e.examples > 1 ? std::to_string(e.active_units) : "-"; });
  }
  line("examples", [](const Evaluation& e) { return std::to_string(e.examples); });
}

}  // namespace

void print_table(const Recipe& recipe, const std::vector<std::pair<std::string, Evaluation>>& splits) {
  const std::size_t beside = std::max<std::size_t>((table_width() - kLabel) / kSplit, 1);
  for (std::size_t first = 0; first < splits.size(); first += beside) {
    if (first > 0) std::cout << '\n';
    const auto begin = splits.begin() + static_cast<std::ptrdiff_t>(first);
    print_beside(recipe,
                 {begin, begin + static_cast<std::ptrdiff_t>(std::min(beside, splits.size() - first))});
  }
}

void print_parts(std::vector<std::pair<std::string, double>> parts) {
  constexpr std::size_t kMax = 50, kFigure = 6, kName = 24;
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  const std::size_t shown = std::min(kMax, parts.size());
  std::size_t widest = 3;
  for (std::size_t i = 0; i < shown; ++i) {
    parts[i].first = shortened(parts[i].first, kName);
    widest = std::max(widest, characters(parts[i].first));
  }
  const std::size_t columns = std::clamp<std::size_t>(table_width() / (widest + kFigure + 3), 1, 10);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [name, cost] = parts[i];
    std::cout << padded(name, static_cast<int>(widest) + (i % columns ? 2 : 1)) << ' '
              << padded(fixed(cost), kFigure);
    if (i % columns == columns - 1 || i + 1 == shown) std::cout << '\n';
  }
  if (parts.size() > kMax) std::cout << "  and " << parts.size() - kMax << " with less\n";
}

std::string shell_word(const std::string& word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) || c >= 0x80 ||
           std::string_view("._-+=:,/@%").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string describe(Device device) {
  for (const auto& info : devices()) {
    if (info.device != device) continue;
    if (device.is_cuda()) return concat(device.name(), " (", info.description, ")");
    const int threads = cpu_threads();
    return concat(device.name(), " (", info.description, ", ", threads, threads == 1 ? " thread" : " threads",
                  cpu_threads_by() == ThreadsBy::quota ? " by the container's CPU quota)" : ")");
  }
  return device.name();
}

std::string describe(Device device, Precision precision) {
  const std::string exactly = describe(device);
  return precision == Precision::fp32 ? exactly : concat(exactly, " in ", precision_name(precision));
}

void print_headline(const std::string& run, const Dataset& data, const Model& model) {
  std::cout << wrapped(concat(run, " on ", data.name, ", ", describe(model.device(), model.precision())))
            << "\n\n";
}

}  // namespace elbo::command
