#include "recipe/keys.h"

#include <charconv>
#include <cmath>
#include <concepts>

#include "base/nearest.h"
#include "math/activation_kind.h"
#include "math/likelihoods/list.h"
#include "base/check.h"

namespace elbo {
namespace {

using Strings = std::vector<std::string>;

// What ModelSettings and DataSettings take by name, where it has no table of its own elsewhere.
Strings kinds() {
  return {"vae", "autoencoder"};
}
Strings objectives() {
  return {"elbo", "iwae"};
}
Strings corruptions() {
  return {"none", "gaussian", "masking"};
}
Strings initializations() {
  return {"pytorch", "he", "glorot"};
}
Strings output_biases() {
  return {"drawn", "data"};
}
Strings binarizations() {
  return {"none", "threshold", "resample"};
}
Strings schedules() {
  return {"constant", "step", "cosine", "staged"};
}
Strings missing_values() {
  return {"error", "mask"};
}
Strings precisions() {
  return {"auto", "fp32", "tf32", "bf16"};
}

template <class Table>
Strings names_of(const Table& table) {
  Strings names;
  for (const auto& entry : table) names.emplace_back(entry.name);
  return names;
}

Strings activations() {
  return names_of(kActivations);
}
Strings likelihoods() {
  return names_of(kLikelihoods);
}

constexpr double kLargestWidth = 1 << 24;
// Neither 0 nor infinite as floats, nor are their products with ordinary numbers.
constexpr Bounds kPositive = {.low = 1e-30, .high = 1e30};
constexpr Bounds kAtLeast0 = {.low = 0.0, .high = 1e30};
constexpr Bounds kFraction = {.low = 0.0, .high = 1.0, .high_allowed = false};
constexpr Bounds kShare = {.low = 0.0, .high = 1.0, .low_allowed = false};
constexpr Bounds kWidth = {.low = 1.0, .high = kLargestWidth};
constexpr Bounds kCount = {.low = 1.0, .high = 1e15};
// TOML's integers are signed.
constexpr Bounds kSeed = {.low = 0.0, .high = 9223372036854774784.0};

#define ELBO_AT(member) [](Recipe& recipe) -> SettingRef { return &recipe.member; }

const RecipeKey kKeys[] = {
    {"name", "what the run folder and reports call it", ELBO_AT(name)},
    {"description", "one line about it", ELBO_AT(description)},
    {"data.name", "built-in or known data set, or a file or folder", ELBO_AT(data.name)},
    {"data.validation", "fraction of train held out where the data has no validation split",
     ELBO_AT(data.validation), kFraction},
    {"data.test", "fraction of train held out where the data has no test split", ELBO_AT(data.test),
     kFraction},
    {"data.binarize",
     "threshold at 0.5, or draw each value anew from its Bernoulli",
     ELBO_AT(data.binarize),
     {},
     binarizations},
    {"data.missing",
     "what NaN is: an error, or a missing value that leaves the likelihood",
     ELBO_AT(data.missing),
     {},
     missing_values},
    {"data.mask", "a file of the data's shape with 0 where a value is missing, else 1; empty: none",
     ELBO_AT(data.mask)},
    {"data.standardize", "subtract the training mean and divide by its deviation", ELBO_AT(data.standardize)},
    {"model.kind", "with a prior and a KL, or without", ELBO_AT(model.kind), {}, kinds},
    {"model.encoder", "widths of the encoder's hidden layers", ELBO_AT(model.encoder), kWidth},
    {"model.decoder", "widths of the decoder's hidden layers", ELBO_AT(model.decoder), kWidth},
    {"model.latent", "dimensions of z", ELBO_AT(model.latent), kWidth},
    {"model.activation", "of the hidden layers", ELBO_AT(model.activation), {}, activations},
    {"model.likelihood", "p(x|z)", ELBO_AT(model.likelihood), {}, likelihoods},
    {"model.variance", "of the gaussian and gaussian-sigmoid; where that of gaussian-shared begins",
     ELBO_AT(model.variance), kPositive},
    {"model.scale", "b of the laplace with fixed scale", ELBO_AT(model.scale), kPositive},
    {"model.classes",
     "of the categorical: its values are 0, 1, ... below this",
     ELBO_AT(model.classes),
     {.low = 2.0, .high = kMostClasses}},
    {"model.see_mask", "the encoder sees which values are missing, beside the values",
     ELBO_AT(model.see_mask)},
    {"model.initialization",
     "uniform ±1/√fan_in as PyTorch's Linear; He's; Glorot's",
     ELBO_AT(model.initialization),
     {},
     initializations},
    {"model.output_bias",
     "of the decoder: drawn, or where the output is the training data's mean (or frequencies)",
     ELBO_AT(model.output_bias),
     {},
     output_biases},
    {"objective.kind",
     "what is maximised: the ELBO, or the importance-weighted bound",
     ELBO_AT(objective.kind),
     {},
     objectives},
    {"objective.samples", "of z for each example of a step", ELBO_AT(objective.samples), kWidth},
    {"objective.beta", "weight of the KL while training; reports stay unweighted", ELBO_AT(objective.beta),
     kAtLeast0},
    {"objective.warmup_epochs", "over which the KL's weight rises from 0 to beta",
     ELBO_AT(objective.warmup_epochs), kAtLeast0},
    {"objective.cycles",
     "rises of the KL's weight from 0 to beta in a training; 0: none",
     ELBO_AT(objective.cycles),
     {.low = 0.0, .high = 1e9}},
    {"objective.rising_share", "part of a cycle in which it rises", ELBO_AT(objective.rising_share), kShare},
    {"objective.free_bits", "nats of each latent dimension's KL that cost nothing",
     ELBO_AT(objective.free_bits), kAtLeast0},
    {"objective.capacity", "nats C in beta·|KL − C|; 0: none", ELBO_AT(objective.capacity), kAtLeast0},
    {"objective.capacity_epochs", "over which C rises from 0", ELBO_AT(objective.capacity_epochs), kAtLeast0},
    {"objective.code_l1", "times Σ|z|, of an autoencoder", ELBO_AT(objective.code_l1), kAtLeast0},
    {"objective.code_l2", "times Σz², of an autoencoder", ELBO_AT(objective.code_l2), kAtLeast0},
    {"objective.corruption",
     "of what the encoder sees while training",
     ELBO_AT(objective.corruption),
     {},
     corruptions},
    {"objective.corruption_amount", "standard deviation, or fraction of values that masking drops",
     ELBO_AT(objective.corruption_amount), kAtLeast0},
    {"train.epochs", "passes over the training data", ELBO_AT(train.epochs), {.low = 0.0, .high = 1e9}},
    {"train.batch", "examples a step", ELBO_AT(train.batch), kCount},
    {"train.learning_rate", "of Adam", ELBO_AT(train.learning_rate), kPositive},
    {"train.schedule", "how the learning rate goes", ELBO_AT(train.schedule), {}, schedules},
    {"train.warmup_epochs", "in which the rate grows linearly to the schedule's",
     ELBO_AT(train.warmup_epochs), kAtLeast0},
    {"train.decay_epochs", "step: after which the rate falls, again and again", ELBO_AT(train.decay_epochs),
     kPositive},
    {"train.decay_factor", "step: what it is multiplied by then", ELBO_AT(train.decay_factor), kPositive},
    {"train.final_learning_rate", "cosine: at the last step", ELBO_AT(train.final_learning_rate), kAtLeast0},
    {"train.stage_epochs", "staged: how long each stage is", ELBO_AT(train.stage_epochs), kCount},
    {"train.stage_rates", "staged: the learning rate of each", ELBO_AT(train.stage_rates), kPositive},
    {"train.beta1", "Adam's decay of the first moment", ELBO_AT(train.beta1), kFraction},
    {"train.beta2", "Adam's decay of the second moment", ELBO_AT(train.beta2), kFraction},
    {"train.epsilon", "Adam's ε", ELBO_AT(train.epsilon), kPositive},
    {"train.weight_decay", "decoupled from the gradient", ELBO_AT(train.weight_decay), kAtLeast0},
    {"train.clip_norm", "largest norm of the whole gradient; 0: no clipping", ELBO_AT(train.clip_norm),
     kAtLeast0},
    {"train.accumulate",
     "batches whose gradient makes up one step",
     ELBO_AT(train.accumulate),
     {.low = 1.0, .high = 1e6}},
    {"train.ema", "decay of the average of the weights that is evaluated and saved; 0: none",
     ELBO_AT(train.ema), kFraction},
    {"train.patience",
     "epochs without a better validation cost, by the objective, after which to stop; 0: never",
     ELBO_AT(train.patience),
     {.low = 0.0, .high = 1e9}},
    {"train.seed", "of initial weights, shuffling, noise and which examples are held out",
     ELBO_AT(train.seed), kSeed},
    {"train.tune", "on CUDA, time what can compute each product and take the fastest", ELBO_AT(train.tune)},
    {"train.precision",
     "of products; auto: tf32 on CUDA, fp32 on the CPU",
     ELBO_AT(train.precision),
     {},
     precisions},
};

#undef ELBO_AT

std::string number(double value) {
  if (std::abs(value) < 1e15 && value == std::floor(value)) return std::to_string(std::llround(value));
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return {digits, end};
}

// TOML tells a float from an integer by its point or exponent.
std::string literal(double value) {
  std::string text = number(value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}
template <std::integral Whole>
std::string literal(Whole value) {
  return std::to_string(value);
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

SettingRef value_of(const RecipeKey& key, const Recipe& recipe) {
  return key.at(const_cast<Recipe&>(recipe));  // read only, by all who call this
}

}  // namespace

bool Bounds::contain(double value) const {
  return std::isfinite(value) && (low_allowed ? value >= low : value > low) &&
         (high_allowed ? value <= high : value < high);
}

std::string Bounds::describe() const {
  std::string text;
  if (std::isfinite(low)) text += (low_allowed ? "at least " : "above ") + number(low);
  if (std::isfinite(high)) {
    text += (text.empty() ? "" : " and ") + std::string(high_allowed ? "at most " : "below ") + number(high);
  }
  return text.empty() ? "finite" : text;
}

std::string RecipeKey::type() const {
  if (choices) {
    std::string text;
    for (const auto& choice : choices()) text += (text.empty() ? "" : "|") + choice;
    return text;
  }
  Recipe recipe;
  return std::visit(
      Overloaded{[](std::string*) { return "text"; }, [](bool*) { return "true|false"; },
                 [](std::int64_t*) { return "whole number"; }, [](std::uint64_t*) { return "whole number"; },
                 [](double*) { return "number"; },
                 [](std::vector<std::int64_t>*) { return "list of whole numbers"; },
                 [](std::vector<double>*) { return "list of numbers"; }},
      at(recipe));
}

std::string RecipeKey::to_toml(const Recipe& recipe) const {
  return std::visit(Overloaded{[](const std::string* text) { return quote_toml(*text); },
                               [](const bool* flag) { return std::string(*flag ? "true" : "false"); },
                               [](const double* value) { return literal(*value); },
                               []<class Number>(const std::vector<Number>* list) {
                                 std::string text;
                                 for (const Number value : *list)
                                   text += (text.empty() ? "" : ", ") + literal(value);
                                 return "[" + text + "]";
                               },
                               [](const auto* whole) { return literal(*whole); }},
                    value_of(*this, recipe));
}

std::optional<std::string> RecipeKey::complaint(const Recipe& recipe) const {
  const auto outside = [&](auto value) -> std::optional<std::string> {
    if (bounds.contain(static_cast<double>(value))) return std::nullopt;
    return concat("is ", to_toml(recipe), ", but must be ", bounds.describe(), ".");
  };
  return std::visit(
      Overloaded{[&](const std::string* text) -> std::optional<std::string> {
                   if (!choices && text->empty() && name != "description" && name != "data.mask") {
                     return "cannot be empty.";
                   }
                   if (!choices) return std::nullopt;
                   const auto known = choices();
                   for (const auto& choice : known) {
                     if (choice == *text) return std::nullopt;
                   }
                   return concat("cannot be \"", *text, "\"; ", io::nearest_hint(*text, known));
                 },
                 [](const bool*) -> std::optional<std::string> { return std::nullopt; },
                 [&]<class Number>(const std::vector<Number>* list) -> std::optional<std::string> {
                   for (const auto value : *list) {
                     if (auto wrong = outside(value)) return wrong;
                   }
                   return std::nullopt;
                 },
                 [&](const auto* value) { return outside(*value); }},
      value_of(*this, recipe));
}

std::span<const RecipeKey> recipe_keys() {
  return kKeys;
}

const RecipeKey* find_recipe_key(std::string_view name) {
  for (const auto& key : kKeys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

std::string unknown_recipe_key(std::string_view name) {
  Strings names;
  for (const auto& key : kKeys) {
    names.emplace_back(key.name);
    // The last part alone, as in latent for model.latent, is a likely slip.
    if (const auto dot = key.name.find('.');
        dot != std::string_view::npos && key.name.substr(dot + 1) == name) {
      return concat("unknown key \"", name, "\"; did you mean \"", key.name, "\"?");
    }
  }
  return concat("unknown key \"", name, "\"; ", io::nearest_hint(name, names));
}

std::string quote_toml(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace elbo
