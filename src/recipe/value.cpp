#include "recipe/keys.h"

#include <algorithm>
#include <cmath>
#include <concepts>

#include "base/check.h"
#include "base/nearest.h"
#include "base/text.h"
#include "nn/layers.h"

namespace elbo {
namespace {

// A float's point or exponent distinguishes it from an integer in TOML.
std::string literal(double value) {
  std::string text = shortest(value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}
template <std::integral Whole>
std::string literal(Whole value) {
  return std::to_string(value);
}
std::string literal(const Layer& layer) {
  return layer.to_toml();
}
std::string literal(const std::string& text) {
  return quote_toml(text);
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // which clang 16 does not deduce

/// What is wrong with the first wrong layer of a list.
std::optional<std::string> complaint_of(std::string_view key, const std::vector<Layer>& layers,
                                        const Bounds& widths) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (const auto width = layers[i].width()) {
      if (widths.contain(static_cast<double>(*width))) continue;
      return concat(key, "[", i, "] is ", *width, ", but must be ", widths.describe(), ".");
    }
    try {
      nn::read_layer(layers[i].text());
    } catch (const ConfigError& error) {
      return concat(key, "[", i, "] ", layers[i].to_toml(), ": ", error.what());
    }
  }
  return std::nullopt;
}

/// What is wrong with a text that has no choices.
std::optional<std::string> complaint_of(const RecipeKey& key, const std::string& text) {
  if (text.empty() && !key.may_be_empty) return concat(key.name, " cannot be empty.");
  const std::string_view allowed = key.name == "description" ? "\t\n" : "\t";
  const auto at = data::find_control(text, allowed);
  if (at == std::string::npos) return std::nullopt;
  return concat(key.name, " cannot hold the control character ", data::escaped({&text[at], 1}), ", as ",
                data::shown(text), " does.");
}

SettingRef value_of(const RecipeKey& key, const Recipe& recipe) {
  return key.at(const_cast<Recipe&>(recipe));  // all callers only read it
}

}  // namespace

std::string RecipeKey::type() const {
  if (choices) {
    std::string text;
    for (const Choice& choice : choices()) text += concat(text.empty() ? "" : "|", choice.name);
    return text;
  }
  Recipe recipe;
  return std::visit(
      Overloaded{[](std::string*) { return "text"; }, [](bool*) { return "true|false"; },
                 [](std::int64_t*) { return "whole number"; }, [](std::uint64_t*) { return "whole number"; },
                 [](double*) { return "number"; },
                 [](std::vector<std::int64_t>*) { return "list of whole numbers"; },
                 [](std::vector<double>*) { return "list of numbers"; },
                 [](std::vector<Layer>*) { return "list of layers"; },
                 [](std::vector<std::string>*) { return "list of texts"; }, [](EnumRef) { return "text"; }},
      at(recipe));
}

std::string RecipeKey::to_toml(const Recipe& recipe) const {
  return std::visit(Overloaded{[](const std::string* text) { return quote_toml(*text); },
                               [&](EnumRef) { return quote_toml(chosen(recipe)); },
                               [](const bool* flag) { return std::string(*flag ? "true" : "false"); },
                               [](const double* value) { return literal(*value); },
                               []<class Value>(const std::vector<Value>* list) {
                                 std::string text;
                                 for (const Value& value : *list)
                                   text += (text.empty() ? "" : ", ") + literal(value);
                                 return "[" + text + "]";
                               },
                               [](const auto* whole) { return literal(*whole); }},
                    value_of(*this, recipe));
}

bool RecipeKey::is_text() const {
  Recipe recipe;
  const SettingRef value = at(recipe);
  return std::holds_alternative<std::string*>(value) || std::holds_alternative<EnumRef>(value);
}

std::string RecipeKey::chosen(const Recipe& recipe) const {
  const SettingRef value = value_of(*this, recipe);
  const auto* of_enum = std::get_if<EnumRef>(&value);
  if (!of_enum) return *std::get<std::string*>(value);
  const std::size_t choice = of_enum->get(of_enum->member);
  return choice < choices().size() ? std::string(choices()[choice].name) : concat("number ", choice);
}

void RecipeKey::choose(Recipe& recipe, std::size_t choice) const {
  const SettingRef target = at(recipe);
  if (const auto* of_enum = std::get_if<EnumRef>(&target)) {
    of_enum->set(of_enum->member, choice);
  } else {
    *std::get<std::string*>(target) = choices()[choice].name;
  }
}

std::string RecipeKey::unknown_choice(std::string_view text) const {
  std::vector<std::string> known;
  for (const Choice& choice : choices()) known.emplace_back(choice.name);
  return concat(name, " cannot be \"", text, "\"; ", nearest_hint(text, known));
}

bool RecipeKey::is_default(const Recipe& recipe) const {
  return to_toml(recipe) == to_toml(Recipe{});
}

std::optional<std::string> RecipeKey::complaint(const Recipe& recipe) const {
  const auto outside = [&](auto value) -> std::optional<std::string> {
    if (bounds.contain(static_cast<double>(value))) return std::nullopt;
    return concat(name, " is ", to_toml(recipe), ", but must be ", bounds.describe(), ".");
  };
  return std::visit(
      Overloaded{[&](const std::string* text) -> std::optional<std::string> {
                   if (!choices) return complaint_of(*this, *text);
                   if (std::ranges::count(choices(), std::string_view(*text), &Choice::name))
                     return std::nullopt;
                   return unknown_choice(*text);
                 },
                 [&](EnumRef value) -> std::optional<std::string> {
                   if (value.get(value.member) < choices().size()) return std::nullopt;
                   return unknown_choice(chosen(recipe));
                 },
                 [](const bool*) -> std::optional<std::string> { return std::nullopt; },
                 [&](const std::vector<Layer>* list) { return complaint_of(name, *list, bounds); },
                 [](const std::vector<std::string>*) -> std::optional<std::string> { return std::nullopt; },
                 [&]<class Number>(const std::vector<Number>* list) -> std::optional<std::string> {
                   for (const auto value : *list) {
                     if (auto wrong = outside(value)) return wrong;
                   }
                   return std::nullopt;
                 },
                 [&](const auto* value) { return outside(*value); }},
      value_of(*this, recipe));
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
