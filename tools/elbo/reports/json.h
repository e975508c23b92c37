#pragma once
// The results of a command as a tree of values, which JSON text is written from and read into. Its
// destructors allocate nothing, unlike those of nlohmann's trees, so that a command for which memory runs out
// ends with an error.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace elbo::command {

/// A value: nothing (null), a boolean, a number, a text, a list, or an object whose keys keep their order. In
/// braces, pairs that begin with a text are an object, {{"a", 1}, {"b", 2}}, and all else is a list. Values
/// are made from what they hold. Functions that need another kind of value throw Error.
class Json {
 public:
  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) Json(Number value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  template <class T>
  Json(const std::vector<T>& values) : value_(List(values.begin(), values.end())) {}
  Json(std::initializer_list<Json> values);

  static Json array();
  static Json object();
  /// Nothing if the text is not JSON, or has too many objects and lists in one another.
  static std::optional<Json> parse(std::string_view text);

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_number() const;
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  double number() const;
  const std::string& text() const;
  const std::vector<Json>& list() const;
  /// Adds to a list; null becomes one.
  void push_back(Json value);

  const std::vector<std::string>& keys() const;
  /// An object's value; null if it has none, or this is no object.
  const Json* find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  const Json& at(std::string_view key) const;
  Json value(std::string_view key, Json otherwise) const;
  /// The value of a key, which is added if it is new. Null becomes an object.
  Json& operator[](std::string_view key);
  /// Sets all of another object's keys.
  void update(const Json& object);

  /// The text on one line, or with a line for each value, indented by so many blanks a level. Bytes that are
  /// not UTF-8 are replaced, and numbers that are not finite are null.
  std::string dump(int indent = -1) const;

  friend bool operator==(const Json&, const Json&) = default;

 private:
  using List = std::vector<Json>;
  struct Object {
    std::vector<std::string> keys;
    std::vector<Json> values;

    friend bool operator==(const Object&, const Object&) = default;
  };

  void write(std::string& text, int indent, int depth) const;

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Object> value_ = nullptr;
};

}  // namespace elbo::command
