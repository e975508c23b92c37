#include "io/json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace elbo::io {
namespace {

using Json = nlohmann::json;
using Kind = JsonValue::Kind;

class Events : public nlohmann::json_sax<Json> {
 public:
  Events(std::size_t max_depth, const std::function<bool(const JsonPath&, JsonValue&)>& take)
      : max_depth_(max_depth), take_(take) {}

  bool null() override { return value({}); }
  bool boolean(bool set) override { return value({Kind::boolean, {}, set ? 1 : 0}); }
  bool number_float(number_float_t number, const string_t&) override {
    return value({Kind::number, {}, 0, number});
  }
  bool binary(binary_t&) override { return value({}); }
  bool number_integer(number_integer_t number) override { return value({Kind::whole, {}, number}); }
  bool number_unsigned(number_unsigned_t number) override {
    constexpr auto kMax = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return number > kMax ? value({Kind::number, {}, 0, static_cast<double>(number)})
                         : value({Kind::whole, {}, static_cast<std::int64_t>(number)});
  }
  bool string(string_t& text) override { return value({Kind::text, std::move(text), 0}); }
  bool start_object(std::size_t) override { return enter(Kind::object); }
  bool key(string_t& key) override {
    path_.back().key = std::move(key);
    return true;
  }
  bool end_object() override { return leave(); }
  bool start_array(std::size_t) override { return enter(Kind::list); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool value(JsonValue value) {
    count();
    return take_(path_, value);
  }
  bool enter(Kind kind) {
    if (path_.size() == max_depth_ || !value({kind, {}, 0})) return false;
    path_.emplace_back();
    in_list_.push_back(kind == Kind::list);
    return true;
  }
  bool leave() {
    path_.pop_back();
    in_list_.pop_back();
    return true;
  }
  void count() {
    if (!in_list_.empty() && in_list_.back()) ++path_.back().index;
  }

  std::size_t max_depth_;
  const std::function<bool(const JsonPath&, JsonValue&)>& take_;
  JsonPath path_;
  std::vector<bool> in_list_;  ///< for each step
};

}  // namespace

std::string json_string(std::string_view text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string json_number(double value) {
  return Json(value).dump();
}

bool read_json(std::string_view text, std::size_t max_depth,
               const std::function<bool(const JsonPath&, JsonValue&)>& take) {
  Events events(max_depth, take);
  return Json::sax_parse(text, &events);
}

}  // namespace elbo::io
