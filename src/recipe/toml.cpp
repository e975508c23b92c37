#include "recipe/toml.h"

#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "recipe/toml_check.h"

namespace elbo {
namespace {

// Each function takes the node's value if its type fits, and returns whether it did.
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

bool assign(Layer& target, const toml::node& node) {
  const auto width = node.value_exact<std::int64_t>();
  const auto text = node.value_exact<std::string>();
  if (width) target = *width;
  if (text) target = *text;
  return width || text;
}

/// A value to be assigned.
template <class Value>
Value blank() {
  if constexpr (std::is_same_v<Value, std::string>) {
    return {};
  } else {
    return 0;
  }
}

template <class Value>
bool assign(std::vector<Value>& target, const toml::node& node) {
  const auto* array = node.as_array();
  if (!array) return false;
  std::vector<Value> values;
  for (const auto& element : *array) {
    Value value = blank<Value>();
    if (!assign(value, element)) return false;
    values.push_back(value);
  }
  target = std::move(values);
  return true;
}

struct Assignment {
  const toml::node& node;

  template <class Value>
  bool operator()(Value* target) const {
    return assign(*target, node);
  }
  bool operator()(EnumRef) const { return false; }
};

// The node as it was written if it is a short scalar; else nothing.
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
  if (std::holds_alternative<std::vector<Layer>*>(target)) text += ", as in [400, \"conv 32 k4 s2\"]";
  if (std::holds_alternative<std::vector<std::string>*>(target)) text += ", as in [\"age\", \"city\"]";
  if (std::holds_alternative<std::int64_t*>(target) || std::holds_alternative<std::uint64_t*>(target)) {
    text += ", without point or exponent as in 1000";
  }
  if (key.bounds.low == 0.0) text += concat(", ", key.bounds.describe());
  return value.empty() ? text + "." : concat(text, ", not ", value, ".");
}

/// The key's choice by its name, or by the one that it had.
std::size_t choice_called(const RecipeKey& key, std::string_view name, const std::string& where,
                          Notes notes) {
  const auto choices = key.choices();
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].name == name) return i;
    if (choices[i].formerly.empty() || choices[i].formerly != name) continue;
    note_former_choice(key, choices[i], where, notes);
    return i;
  }
  throw ConfigError(where + key.unknown_choice(name));
}

// Sets one key and checks it. `where` begins messages; `text` is the value as it was written.
void assign(Recipe& recipe, const RecipeKey& key, const toml::node& node, const std::string& where,
            std::string_view text, Notes notes) {
  std::string name;
  if (!(key.choices ? assign(name, node) : std::visit(Assignment{node}, key.at(recipe)))) {
    throw ConfigError(concat(where, wrong_type(key, text)));
  }
  if (key.choices) key.choose(recipe, choice_called(key, name, where, notes));
  if (const auto wrong = key.complaint(recipe)) throw ConfigError(where + *wrong);
}

std::string line_of(std::string_view origin, const toml::source_region& source) {
  return concat(origin, ":", source.begin.line, ": ");
}

// A recipe's text while it is read.
struct Reading {
  Recipe& recipe;
  std::string_view origin;
  Notes notes;
  GivenNames given = {};

  // Every leaf of the table is a key; a table is a section.
  void assign_all(const toml::table& table, const std::string& section) {
    for (const auto& [name, node] : table) {
      const std::string key_name = section + std::string(name.str());
      if (const auto* subtable = node.as_table()) {
        assign_all(*subtable, key_name + ".");
        continue;
      }
      const std::string where = line_of(origin, name.source());
      const auto* key = find_recipe_key(key_name);
      if (!key) throw ConfigError(where + unknown_recipe_key(key_name));
      given.add(*key, key_name, where);
      note_former_key(*key, key_name, where, notes);
      assign(recipe, *key, node, where, written(node), notes);
    }
  }
};

toml::table parse(std::string_view text, std::string_view origin) {
  if (const auto fault = find_toml_fault(text)) {
    throw ConfigError(concat(origin, ":", fault->line, ": ", fault->what, "."));
  }
  try {
    return toml::parse(text);  // with the origin, toml++ allocates where it may not throw
  } catch (const toml::parse_error& error) {
    throw ConfigError(concat(line_of(origin, error.source()), error.description(), "."));
  }
}

}  // namespace

void read_toml(Recipe& recipe, std::string_view text, std::string_view origin, Notes notes) {
  Reading{recipe, origin, notes}.assign_all(parse(text, origin), "");
}

void read_value(Recipe& recipe, const RecipeKey& key, std::string_view text, Notes notes) {
  const bool bare = key.is_text() && !text.starts_with('"') && !text.starts_with('\'');
  toml::table parsed;
  try {
    const std::string line = concat("value = ", bare ? quote_toml(text) : std::string(text));
    if (!find_toml_fault(line)) parsed = toml::parse(line);
  } catch (const toml::parse_error&) {
    parsed.clear();
  }
  if (parsed.size() != 1) throw ConfigError(wrong_type(key, concat("\"", data::escaped(text), "\"")));
  assign(recipe, key, *parsed.get("value"), "", text, notes);
}

std::string write_toml(const Recipe& recipe) {
  std::string text, section;
  for (const auto& key : recipe_keys()) {
    const auto dot = key.name.find('.');
    const auto its_section = dot == std::string_view::npos ? std::string_view{} : key.name.substr(0, dot);
    if (its_section != section) {
      section = its_section;
      text += concat("\n[", section, "]\n");
    }
    text += concat(key.name.substr(dot == std::string_view::npos ? 0 : dot + 1), " = ", key.to_toml(recipe),
                   "  # ", key.choices ? concat(key.type(), ": ") : "", key.doc, "\n");
  }
  return text;
}

}  // namespace elbo
