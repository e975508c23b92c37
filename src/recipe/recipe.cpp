#include "elbo/recipe.h"

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <numeric>
#include <utility>

#include "io/file.h"
#include "base/nearest.h"
#include "math/likelihoods/list.h"
#include "recipe/embedded.h"
#include "recipe/keys.h"
#include "base/check.h"

namespace elbo {
namespace {

// Each takes the node's value where its type fits and says whether it did.
bool assign(std::string& target, const toml::node& node) {
  const auto value = node.value_exact<std::string>();
  if (value) target = *value;
  return value.has_value();
}

bool assign(bool& target, const toml::node& node) {
  const auto value = node.value_exact<bool>();
  if (value) target = *value;
  return value.has_value();
}

bool assign(std::int64_t& target, const toml::node& node) {
  const auto value = node.value_exact<std::int64_t>();
  if (value) target = *value;
  return value.has_value();
}

bool assign(std::uint64_t& target, const toml::node& node) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || *value < 0) return false;
  target = static_cast<std::uint64_t>(*value);
  return true;
}

bool assign(double& target, const toml::node& node) {
  if (const auto whole = node.value_exact<std::int64_t>()) {
    target = static_cast<double>(*whole);
    return true;
  }
  const auto value = node.value_exact<double>();
  if (value) target = *value;
  return value.has_value();
}

template <class Number>
bool assign(std::vector<Number>& target, const toml::node& node) {
  const auto* array = node.as_array();
  if (!array) return false;
  std::vector<Number> values;
  for (const auto& element : *array) {
    Number value = 0;
    if (!assign(value, element)) return false;
    values.push_back(value);
  }
  target = std::move(values);
  return true;
}

// As it was written, where that is a short scalar; else nothing.
std::string written(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return quote_toml(*text);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (const auto whole = node.value_exact<std::int64_t>()) return std::to_string(*whole);
  if (const auto real = node.value_exact<double>()) return concat(*real);
  return {};
}

std::string wrong_type(const RecipeKey& key, std::string_view value) {
  Recipe defaults;
  const auto target = key.at(defaults);
  std::string text = concat(key.name, " takes ", key.type() == "true|false" ? "" : "a ", key.type());
  if (std::holds_alternative<std::vector<std::int64_t>*>(target)) text += ", as in [400, 200]";
  if (std::holds_alternative<std::vector<double>*>(target)) text += ", as in [1e-3, 1e-4]";
  if (std::holds_alternative<std::int64_t*>(target) || std::holds_alternative<std::uint64_t*>(target)) {
    text += ", without point or exponent as in 1000";
  }
  if (key.bounds.low == 0.0) text += concat(", ", key.bounds.describe());
  return value.empty() ? text + "." : concat(text, ", not ", value, ".");
}

// Sets one key and checks it. `where` begins the error message; `text` is the value as it was written.
void assign(Recipe& recipe, const RecipeKey& key, const toml::node& node, const std::string& where,
            std::string_view text) {
  if (!std::visit([&](auto* target) { return assign(*target, node); }, key.at(recipe))) {
    throw ConfigError(concat(where, wrong_type(key, text)));
  }
  if (const auto wrong = key.complaint(recipe)) throw ConfigError(concat(where, key.name, " ", *wrong));
}

std::string line_of(std::string_view origin, const toml::source_region& source) {
  return concat(origin, ":", source.begin.line, ": ");
}

// Every leaf of the table is a key; a table is a section.
void assign(Recipe& recipe, const toml::table& table, const std::string& section, std::string_view origin) {
  for (const auto& [name, node] : table) {
    const std::string key_name = section + std::string(name.str());
    if (const auto* subtable = node.as_table()) {
      assign(recipe, *subtable, key_name + ".", origin);
      continue;
    }
    const std::string where = line_of(origin, name.source());
    const auto* key = find_recipe_key(key_name);
    if (!key) throw ConfigError(where + unknown_recipe_key(key_name));
    assign(recipe, *key, node, where, written(node));
  }
}

toml::table parse(std::string_view text, std::string_view origin) {
  try {
    return toml::parse(text, origin);
  } catch (const toml::parse_error& error) {
    throw ConfigError(concat(line_of(origin, error.source()), error.description(), "."));
  }
}

Recipe read(std::string_view text, std::string_view origin, std::string name) {
  Recipe recipe;
  if (!name.empty()) recipe.name = std::move(name);
  assign(recipe, parse(text, origin), "", origin);
  try {
    recipe.validate();
  } catch (const ConfigError& error) {
    throw ConfigError(concat(origin, ": ", error.what()));
  }
  return recipe;
}

void check_schedule(const TrainSettings& train) {
  const bool staged = train.schedule == "staged";
  if (!staged && !(train.stage_epochs.empty() && train.stage_rates.empty())) {
    throw ConfigError(
        concat("train.stage_epochs and train.stage_rates are for train.schedule = \"staged\", but it is \"",
               train.schedule, "\": set that, or leave them empty."));
  }
  if (staged && (train.stage_epochs.empty() || train.stage_epochs.size() != train.stage_rates.size())) {
    throw ConfigError(
        concat("train.stage_epochs has ", train.stage_epochs.size(), " stages and train.stage_rates ",
               train.stage_rates.size(),
               ": train.schedule = \"staged\" needs a length and a rate for each, at least one."));
  }
  const auto stages = std::accumulate(train.stage_epochs.begin(), train.stage_epochs.end(), 0.0);
  if (staged && static_cast<double>(train.epochs) > stages) {
    throw ConfigError(concat("train.epochs is ", train.epochs,
                             ", but the stages of train.stage_epochs end after ", stages,
                             ": lengthen a stage, or train for fewer epochs."));
  }
  if (train.schedule == "cosine" && train.final_learning_rate > train.learning_rate) {
    throw ConfigError(concat("train.final_learning_rate is ", train.final_learning_rate,
                             ", above train.learning_rate, which is ", train.learning_rate, "."));
  }
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void refuse(bool wrong, const char* why) {
  if (wrong) throw ConfigError(why);
}

void check_likelihood(const Recipe& recipe) {
  const auto likelihood = likelihood_named(recipe.model.likelihood);
  const DataSettings& data = recipe.data;
  if (!likelihood) return;
  const Support support = likelihood_support(*likelihood);
  if (data.standardize && (support == Support::unit_interval || support == Support::unit_mean)) {
    throw ConfigError(concat("data.standardize moves values out of [0, 1], where model.likelihood = \"",
                             recipe.model.likelihood,
                             "\" needs them; take a gaussian, or no standardizing."));
  }
  if (support != Support::classes) return;
  const struct {
    bool set;
    const char* key;
  } changes[] = {{data.standardize, "data.standardize"},
                 {data.binarize != "none", "data.binarize"},
                 {recipe.objective.corruption != "none", "objective.corruption"}};
  for (const auto& [set, key] : changes) {
    if (!set) continue;
    throw ConfigError(concat(key, " reckons with values, but those of model.likelihood = \"",
                             recipe.model.likelihood, "\" are the numbers of classes; leave it out."));
  }
}

void check_objective(const Recipe& recipe) {
  const ObjectiveSettings& o = recipe.objective;
  const bool autoencoder = recipe.model.kind == "autoencoder", iwae = o.kind == "iwae";
  refuse(autoencoder && (iwae || o.samples != 1),
         "objective.kind and objective.samples are for model.kind = \"vae\": an autoencoder draws no samples "
         "and "
         "has no bound.");
  refuse(
      autoencoder && (o.warmup_epochs > 0.0 || o.cycles > 0 || o.free_bits > 0.0 || o.capacity > 0.0),
      "objective.warmup_epochs, cycles, free_bits and capacity are for model.kind = \"vae\": an autoencoder "
      "has no KL.");
  refuse(
      !autoencoder && (o.code_l1 > 0.0 || o.code_l2 > 0.0),
      "objective.code_l1 and objective.code_l2 are for model.kind = \"autoencoder\": of a VAE, the KL keeps "
      "the codes in place.");
  refuse(
      iwae && (o.free_bits > 0.0 || o.capacity > 0.0),
      "objective.free_bits and objective.capacity change what the KL costs, which objective.kind = \"iwae\" "
      "has none of: use objective.kind = \"elbo\" with them.");
  refuse(o.free_bits > 0.0 && o.capacity > 0.0,
         "objective.free_bits and objective.capacity both say what the KL costs: use one.");
  refuse(o.warmup_epochs > 0.0 && o.cycles > 0,
         "objective.warmup_epochs and objective.cycles both say how the KL's weight rises: use one.");
  refuse(o.capacity_epochs > 0.0 && o.capacity == 0.0,
         "objective.capacity_epochs needs an objective.capacity to rise to.");
  refuse(o.corruption != "none" && o.corruption_amount == 0.0,
         "objective.corruption needs an objective.corruption_amount: a standard deviation (gaussian) or the "
         "fraction of values that masking drops.");
  refuse(o.corruption == "none" && o.corruption_amount > 0.0,
         "objective.corruption_amount needs an objective.corruption: gaussian or masking.");
  refuse(o.corruption == "masking" && o.corruption_amount >= 1.0,
         "objective.corruption_amount is a fraction below 1 for objective.corruption = \"masking\".");
}

}  // namespace

Recipe Recipe::named(std::string_view name) {
  for (const auto& recipe : embedded_recipes()) {
    if (recipe.name == name) return read(recipe.text, concat("recipes/", name, ".toml"), std::string(name));
  }
  throw ConfigError(concat("no recipe is called \"", name, "\"; ", io::nearest_hint(name, names())));
}

std::vector<std::string> Recipe::names() {
  std::vector<std::string> names;
  for (const auto& recipe : embedded_recipes()) names.emplace_back(recipe.name);
  return names;
}

Recipe Recipe::from_toml(std::string_view text, std::string_view origin) {
  return read(text, origin, "");
}

Recipe Recipe::from_file(const std::filesystem::path& file) {
  return read(io::read_file(file), file.string(), file.stem().string());
}

void Recipe::set(std::string_view key_equals_value) {
  const auto equals = key_equals_value.find('=');
  if (equals == std::string_view::npos) {
    throw ConfigError(concat("\"", key_equals_value, "\" is not key=value, as in model.latent=2."));
  }
  const auto name = trimmed(key_equals_value.substr(0, equals));
  const auto text = trimmed(key_equals_value.substr(equals + 1));
  const auto* key = find_recipe_key(name);
  if (!key) throw ConfigError(unknown_recipe_key(name));

  Recipe changed = *this;
  const bool bare = std::holds_alternative<std::string*>(key->at(changed)) && !text.starts_with('"') &&
                    !text.starts_with('\'');
  toml::table parsed;
  try {
    parsed = toml::parse(concat("value = ", bare ? quote_toml(text) : std::string(text)));
  } catch (const toml::parse_error&) {
    parsed.clear();
  }
  if (parsed.size() != 1) throw ConfigError(wrong_type(*key, concat("\"", text, "\"")));
  assign(changed, *key, *parsed.get("value"), "", text);
  *this = std::move(changed);
}

std::string Recipe::to_toml() const {
  std::string text, section;
  for (const auto& key : recipe_keys()) {
    const auto dot = key.name.find('.');
    const auto its_section = dot == std::string_view::npos ? std::string_view{} : key.name.substr(0, dot);
    if (its_section != section) {
      section = its_section;
      text += concat("\n[", section, "]\n");
    }
    text += concat(key.name.substr(dot == std::string_view::npos ? 0 : dot + 1), " = ", key.to_toml(*this),
                   "  # ", key.choices ? concat(key.type(), ": ") : "", key.doc, "\n");
  }
  return text;
}

void Recipe::validate() const {
  for (const auto& key : recipe_keys()) {
    if (const auto wrong = key.complaint(*this)) throw ConfigError(concat(key.name, " ", *wrong));
  }
  check_schedule(train);
  if (data.validation + data.test >= 1.0) {
    throw ConfigError(concat("data.validation and data.test are ", data.validation, " and ", data.test,
                             ", which leaves no example to train on."));
  }
  check_likelihood(*this);
  check_objective(*this);
  if (model.see_mask && data.missing != "mask" && data.mask.empty()) {
    throw ConfigError(
        "model.see_mask shows the encoder which values are missing, but none may be; set data.missing = "
        "\"mask\" as well, or name a data.mask.");
  }
  if (data.standardize && data.binarize != "none") {
    throw ConfigError(
        concat("data.standardize and data.binarize = \"", data.binarize, "\" contradict each other."));
  }
}

}  // namespace elbo
