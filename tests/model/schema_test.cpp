// A model's memory of its table: kept in the file, and by which later data is matched.

#include <gtest/gtest.h>

#include "elbo/elbo.h"
#include "model/schema_text.h"
#include "support/data.h"
#include "support/device.h"

namespace elbo::test {
namespace {

Schema some_schema() {
  return {{{"age", ColumnKind::count, {}},
           {"größe \"cm\"", ColumnKind::numeric, {}},
           {"", ColumnKind::id, {}},
           {"smoker", ColumnKind::binary, {"no", "yes"}},
           {"kind", ColumnKind::label, {"bad", "good"}}}};
}

TEST(SchemaText, ReadsBack) {
  const Schema schema = some_schema();
  EXPECT_EQ(schema_from_text(schema_to_text(schema), 3, "a"), schema);
}

TEST(SchemaText, KeepsTheDecimalSignAndReadsTextsWithoutOne) {
  Schema schema = some_schema();
  EXPECT_EQ(schema_to_text(schema).find("decimal"), std::string::npos);
  for (const DecimalSign sign : {DecimalSign::point, DecimalSign::comma}) {
    schema.decimal = sign;
    EXPECT_EQ(schema_from_text(schema_to_text(schema), 3, "a"), schema);
  }
  const std::string text = schema_to_text(schema);
  EXPECT_NE(text.find("\"decimal\":\"comma\""), std::string::npos) << text;
  for (const char* damaged : {"\"decimal\":\"dot\"", "\"decimal\":3", "\"decimal\":[\"comma\"]"}) {
    std::string other = text;
    other.replace(other.find("\"decimal\":\"comma\""), 17, damaged);
    expect_error<DataError>([&] { schema_from_text(other, 3, "m.safetensors"); }, {"m.safetensors"});
  }
}

TEST(SchemaText, DamagedTextIsRefused) {
  const auto refused = [](const std::string& text) {
    expect_error<DataError>([&] { schema_from_text(text, 1, "m.safetensors: its metadata"); },
                            {"m.safetensors"});
  };
  for (const char* text :
       {"", "{", "[]", "{}", "{\"columns\": 3}", "{\"columns\": [3]}", "{\"columns\": [{\"name\": \"a\"}]}",
        "{\"columns\": [{\"name\": 1, \"kind\": \"count\"}]}",
        "{\"columns\": [{\"name\": \"a\", \"kind\": \"word\"}]}",
        "{\"columns\": [{\"name\": \"a\", \"kind\": \"binary\", \"levels\": [1]}]}",
        "{\"columns\": [{\"name\": \"a\", \"kind\": \"label\"}]}"}) {
    refused(text);
  }
}

TEST(Schema, IsKeptInTheModelAndMatchesLaterData) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  std::string text = "id,a,b,flag\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(100 + i) + ',' + std::to_string(i % 7) + ".5," + std::to_string(i % 3) +
            (i % 2 ? ",yes\n" : ",no\n");
  Recipe recipe;
  recipe.data.name = write(folder / "train.csv", text).string();
  recipe.model.likelihood = "gaussian";
  recipe.model.encoder = recipe.model.decoder = {8};
  recipe.model.latent = 2;
  recipe.train.epochs = 1;
  const Dataset data = load_dataset(recipe);
  Model model(recipe, data.dims(), device());
  EXPECT_TRUE(model.schema().empty());
  train(model, data);
  EXPECT_EQ(model.schema(), data.schema);
  model.save(folder / "model.safetensors");
  const Model loaded = Model::load(folder / "model.safetensors", device());
  EXPECT_EQ(loaded.schema(), data.schema);

  Recipe later = loaded.recipe();
  later.data.name = write(folder / "later.csv", "flag,b,a\nyes,1,0.5\nno,2,1.5\n").string();
  const Dataset matched = load_dataset(later, &loaded);
  EXPECT_EQ(matched.columns, data.columns);
  EXPECT_EQ(matched.train.floats, (std::vector<float>{0.5f, 1, 1, 1.5f, 2, 0}));
  later.data.name = write(folder / "other.csv", "a,b\n1,2\n").string();
  expect_error<DataError>([&] { load_dataset(later, &loaded); }, {"other.csv", "\"flag\""});
}

TEST(Schema, TextOfSeveralLevelsNeedsClasses) {
  ELBO_REQUIRE_DEVICE();
  TempFolder folder;
  const auto file = write(folder / "t.csv", "a,city\n1,Rome\n2,Oslo\n3,Bonn\n4,Rome\n").string();
  const Dataset data = load_dataset(file);
  Recipe recipe;
  recipe.model.likelihood = "gaussian";
  Model model(recipe, data.dims(), device());
  expect_error<DataError>([&] { train(model, data); },
                          {file, "\"city\"", "categorical", "gaussian", "data.drop"});
}

}  // namespace
}  // namespace elbo::test
