#include "reports/json.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "io/json.h"

namespace elbo::command {
namespace {

constexpr std::size_t kMaxDepth = 64;

Json value_of(io::JsonValue& value) {
  using Kind = io::JsonValue::Kind;
  switch (value.kind) {
    case Kind::null:
      break;
    case Kind::boolean:
      return value.whole != 0;
    case Kind::whole:
      return value.whole;
    case Kind::number:
      return value.number;
    case Kind::text:
      return std::move(value.text);
    case Kind::object:
      return Json::object();
    case Kind::list:
      return Json::array();
  }
  return nullptr;
}

template <class Value, class Variant>
auto& of_kind(Variant& value, const char* kind) {
  if (auto* found = std::get_if<Value>(&value)) return *found;
  throw Error(concat("a value of the JSON text is no ", kind));
}

void begin_line(std::string& text, int indent, int depth) {
  if (indent < 0) return;
  text += '\n';
  text.append(static_cast<std::size_t>(indent * depth), ' ');
}

}  // namespace

Json::Json(std::initializer_list<Json> values) {
  const bool pairs = std::ranges::all_of(values, [](const Json& value) {
    const auto* pair = std::get_if<List>(&value.value_);
    return pair && pair->size() == 2 && std::holds_alternative<std::string>(pair->front().value_);
  });
  if (!pairs) {
    value_ = List(values);
    return;
  }
  value_ = Object();
  for (const Json& pair : values) (*this)[pair.list()[0].text()] = pair.list()[1];
}

Json Json::array() {
  Json json;
  json.value_ = List();
  return json;
}

Json Json::object() {
  Json json;
  json.value_ = Object();
  return json;
}

std::optional<Json> Json::parse(std::string_view text) {
  Json whole;
  std::vector<Json*> open;  // the objects and lists around a value
  const bool sound = io::read_json(text, kMaxDepth, [&](const io::JsonPath& path, io::JsonValue& value) {
    open.resize(path.size());
    Json* place = &whole;
    if (!path.empty() && path.back().index < 0) place = &(*open.back())[path.back().key];
    if (!path.empty() && path.back().index >= 0) {
      open.back()->push_back(nullptr);
      place = &std::get<List>(open.back()->value_).back();
    }
    *place = value_of(value);
    open.push_back(place);
    return true;
  });
  return sound ? std::optional(std::move(whole)) : std::nullopt;
}

bool Json::is_number() const {
  return std::holds_alternative<double>(value_) || std::holds_alternative<std::int64_t>(value_);
}

double Json::number() const {
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*whole);
  return of_kind<double>(value_, "number");
}

const std::string& Json::text() const {
  return of_kind<std::string>(value_, "text");
}

const std::vector<Json>& Json::list() const {
  return of_kind<List>(value_, "list");
}

void Json::push_back(Json value) {
  if (is_null()) value_ = List();
  of_kind<List>(value_, "list").push_back(std::move(value));
}

const std::vector<std::string>& Json::keys() const {
  return of_kind<Object>(value_, "object").keys;
}

const Json* Json::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&value_);
  if (!object) return nullptr;
  const auto found = std::ranges::find(object->keys, key);
  return found == object->keys.end() ? nullptr : &object->values[found - object->keys.begin()];
}

const Json& Json::at(std::string_view key) const {
  if (const Json* found = find(key)) return *found;
  throw Error(concat("the JSON text has no \"", key, '"'));
}

Json Json::value(std::string_view key, Json otherwise) const {
  const Json* found = find(key);
  return found ? *found : otherwise;
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) value_ = Object();
  auto& [keys, values] = of_kind<Object>(value_, "object");
  const auto found = std::ranges::find(keys, key);
  if (found != keys.end()) return values[found - keys.begin()];
  values.emplace_back();
  try {
    keys.emplace_back(key);
  } catch (...) {
    values.pop_back();
    throw;
  }
  return values.back();
}

void Json::update(const Json& object) {
  for (const std::string& key : object.keys()) (*this)[key] = object.at(key);
}

std::string Json::dump(int indent) const {
  std::string text;
  write(text, indent, 0);
  return text;
}

void Json::write(std::string& text, int indent, int depth) const {
  const auto* list = std::get_if<List>(&value_);
  const auto* object = std::get_if<Object>(&value_);
  if (is_null()) text += "null";
  if (const auto* set = std::get_if<bool>(&value_)) text += *set ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value_)) text += std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value_)) text += io::json_number(*number);
  if (const auto* words = std::get_if<std::string>(&value_)) text += io::json_string(*words);
  if (!list && !object) return;
  const List& values = list ? *list : object->values;
  text += list ? '[' : '{';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ',';
    begin_line(text, indent, depth + 1);
    if (object) text += concat(io::json_string(object->keys[i]), indent < 0 ? ":" : ": ");
    values[i].write(text, indent, depth + 1);
  }
  if (!values.empty()) begin_line(text, indent, depth);
  text += list ? ']' : '}';
}

}  // namespace elbo::command
