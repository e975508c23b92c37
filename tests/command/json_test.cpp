// The trees of values that commands print and read.

#include "tools/elbo/reports/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "elbo/error.h"
#include "support/allocations.h"

namespace elbo::test {
namespace {

using Other = nlohmann::ordered_json;

template <class Tree>
Tree results() {
  Tree json = {{"run", "runs/a \"b\"\n\x01é"}, {"none", nullptr}, {"yes", true}, {"count", -3}};
  json["number"] = 0.1;
  json["whole"] = 2.0;
  json["large"] = std::numeric_limits<std::int64_t>::max();
  json["infinite"] = INFINITY;
  json["kl"] = std::vector<double>{1.5, -2e-300};
  json["picture"] = {{"height", 6}, {"width", 5}};
  json["pair"] = {"a", 1};
  json["empty"] = Tree::array();
  json["nothing"] = Tree::object();
  json["split"]["elbo"] = -104.5;
  json["split"]["elbo"] = -104.25;
  json["runs"].push_back({{"seed", 1}});
  json["runs"].push_back(json["split"]);
  return json;
}

TEST(Json, IsWrittenAsNlohmannWritesIt) {
  EXPECT_EQ(results<command::Json>().dump(), results<Other>().dump());
  EXPECT_EQ(results<command::Json>().dump(1), results<Other>().dump(1));
  EXPECT_EQ(command::Json("\xff").dump(), "\"\xef\xbf\xbd\"") << "no UTF-8";
  EXPECT_EQ(command::Json().dump(), "null");
}

TEST(Json, IsReadAsItWasWritten) {
  const std::string text = results<command::Json>().dump(1);
  const auto read = command::Json::parse(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->dump(1), text);
  EXPECT_EQ(read->at("split").at("elbo").number(), -104.25);
  EXPECT_EQ(read->at("runs").list().size(), 2u);
  EXPECT_EQ(read->at("runs").list()[0], (command::Json{{"seed", 1}}));
  EXPECT_EQ(read->find("nowhere"), nullptr);
  EXPECT_EQ(read->value("nowhere", 4).number(), 4.0);
  for (const char* unsound : {"", "{", "[1,]", "{\"a\":}", "nul", "1 2"})
    EXPECT_FALSE(command::Json::parse(unsound)) << unsound;
  EXPECT_TRUE(command::Json::parse(std::string(60, '[') + std::string(60, ']')));
  EXPECT_FALSE(command::Json::parse(std::string(100'000, '[') + std::string(100'000, ']')));
}

TEST(Json, OfAnotherKindIsAnError) {
  command::Json json = {{"a", "text"}};
  EXPECT_THROW(json.at("a").number(), Error);
  EXPECT_THROW(json.at("b"), Error);
  EXPECT_THROW(json.push_back(1), Error);
  EXPECT_THROW(json["a"]["b"], Error);
  EXPECT_THROW(json.list(), Error);
}

// Where memory runs out, values are destroyed: that must not need memory.
TEST(Json, EndsWithoutAllocating) {
  auto json = std::make_unique<command::Json>(results<command::Json>());
  const std::int64_t before = allocations();
  json.reset();
  EXPECT_EQ(allocations(), before);
}

}  // namespace
}  // namespace elbo::test
