// Recipes: the table of keys, TOML in and out, refused settings and their messages.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <set>

#include "elbo/error.h"
#include "elbo/recipe.h"
#include "io/file.h"
#include "recipe/keys.h"
#include "support/expect_says.h"
#include "support/places.h"

namespace elbo {
namespace {

// The message of the ConfigError that `call` throws; empty if it throws none.
template <class Call>
std::string config_error(Call call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

Recipe with(const std::string& setting) {
  Recipe recipe;
  recipe.set(setting);
  return recipe;
}

TEST(Recipe, TextsHoldNoControlCharacters) {
  for (const char* key : {"name", "data.name", "data.mask"}) {
    for (const char* escape : {"\\u0000", "\\u001b", "\\n", "\\u007f"}) {
      const std::string setting = std::string(key) + "=\"a" + escape + "\"";
      EXPECT_SAYS(config_error([&] { with(setting); }),
                  std::string(key) + " cannot hold the control character \\x")
          << setting;
    }
  }
  EXPECT_EQ(with("description=\"two\\nlines\"").description, "two\nlines");
  EXPECT_SAYS(config_error([] { with("description=\"\\u0000\""); }), "description");
  EXPECT_SAYS(config_error([] { Recipe::from_toml("name = \"\\u0000x\"", "r.toml"); }), "r.toml:1: name");
  Recipe recipe;
  recipe.name = std::string("a\0b", 3);
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "\\x00");
}

TEST(Recipe, RefusesWhatTomlPlusPlusDoesNotDefine) {
  const auto message = [](const char* text) {
    return config_error([&] { Recipe::from_toml(text, "r.toml"); });
  };
  EXPECT_SAYS(message("é = 1"), "r.toml:1: a character that is not ASCII must be in quotes");
  EXPECT_SAYS(message("name = \"a\"\n[model]\nlatent = 2 é"), "r.toml:3: ");
  EXPECT_SAYS(message("name = \"a\"é"), "r.toml:1: ");
  EXPECT_SAYS(message("[model]\nencoder = [ }"), "r.toml:2: \"}\" does not close \"[\"");
  EXPECT_SAYS(message("a = { b = 1 ]"), "r.toml:1: \"]\" does not close \"{\"");
  EXPECT_SAYS(message("name = \"a\\\"\" é"), "not ASCII");
  EXPECT_SAYS(message("a = -[\"ʇ3\"b"), "r.toml:1: [ cannot stand inside a word");
  EXPECT_SAYS(message("\na = 1\"ʇ\""), "r.toml:2: \" cannot stand inside a word");
  EXPECT_SAYS(message("name = 'a\\' é"), "not ASCII");
  EXPECT_SAYS(message("a = [3b..'ș"), "r.toml:1: ' cannot stand inside a word");
  EXPECT_SAYS(message("a = {b.'c' = 1, d = 3.'ș}"), "r.toml:1: ' cannot stand inside a word");
  EXPECT_SAYS(message("name = \"\"\"a\\\xEF\xBB\xBF e\"\"\""), "cannot follow");
  EXPECT_SAYS(message("name = \"\"\"a\\  \n é\"\"\""), "r.toml:1: a character that is not ASCII cannot");
  EXPECT_SAYS(message("name = \"never closed\né = 1"), "r.toml:2: ");
  EXPECT_NE(config_error([] { with("model.encoder=[ }"); }), "");
  EXPECT_NE(config_error([] { with("model.latent=é"); }), "");
  EXPECT_EQ(message("a.\"b\" = [{c.'d' = 1}]\n[e.\"f\"]\n").find("inside a word"), std::string::npos);
  const std::string sound =
      "\xEF\xBB\xBF# é ] }\nname = \"é [ }\" # '\ndescription = \"\"\"é\n\" ] \\\"\"\"\"\n[model]\nencoder = "
      "[\n3, # }\n4]\n";
  EXPECT_EQ(Recipe::from_toml(sound, "r.toml").name, "é [ }");
  EXPECT_EQ(with("name=é").name, "é");
}

TEST(Recipe, ShippedOnesAreReadAndNamedAsTheirFiles) {
  const auto names = Recipe::names();
  const std::set<std::string> present(names.begin(), names.end());
  for (const char* name : {"digits", "mnist-deep", "mnist-deep-ae", "latent-2d"})
    EXPECT_TRUE(present.count(name)) << name;
  for (const auto& name : names) {
    const auto recipe = Recipe::named(name);
    EXPECT_EQ(recipe.name, name);
    EXPECT_FALSE(recipe.description.empty()) << name;
    const auto file = test::project_folder() / "recipes" / (name + ".toml");
    EXPECT_EQ(Recipe::from_file(file).to_toml(), recipe.to_toml()) << "the embedded text is not the file's";
  }
}

TEST(Recipe, MnistDeepIsTheNetworkItSays) {
  const auto recipe = Recipe::named("mnist-deep");
  EXPECT_EQ(recipe.data.name, "mnist");
  EXPECT_EQ(recipe.data.binarize, Binarize::none);
  EXPECT_EQ(recipe.model.kind, "vae");
  EXPECT_EQ(recipe.model.encoder, (std::vector<Layer>{400, 400}));
  EXPECT_EQ(recipe.model.decoder, (std::vector<Layer>{400, 400}));
  EXPECT_EQ(recipe.model.latent, 20);
  EXPECT_EQ(recipe.model.activation, "relu");
  EXPECT_EQ(recipe.model.likelihood, "bernoulli");
  EXPECT_EQ(recipe.train.batch, 128);
  EXPECT_EQ(recipe.train.epochs, 100);
  EXPECT_DOUBLE_EQ(recipe.train.learning_rate, 1e-3);
  EXPECT_DOUBLE_EQ(recipe.objective.beta, 1.0);
}

TEST(Recipe, AutoencoderIsMnistDeepWithSquaredError) {
  auto expected = Recipe::named("mnist-deep");
  const auto recipe = Recipe::named("mnist-deep-ae");
  EXPECT_EQ(recipe.model.kind, "autoencoder");
  EXPECT_EQ(recipe.model.likelihood, "gaussian");
  EXPECT_DOUBLE_EQ(recipe.model.variance, 0.5);
  expected.name = recipe.name;
  expected.description = recipe.description;
  expected.model.kind = recipe.model.kind;
  expected.model.likelihood = recipe.model.likelihood;
  expected.model.variance = recipe.model.variance;
  EXPECT_EQ(recipe.to_toml(), expected.to_toml());
}

TEST(Recipe, EveryKeyIsSpelledOutOnceWithItsDoc) {
  const std::string text = Recipe{}.to_toml();
  std::set<std::string_view> names;
  for (const auto& key : recipe_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name << " twice in the table";
    EXPECT_FALSE(key.doc.empty()) << key.name;
    EXPECT_EQ(find_recipe_key(key.name), &key);
    EXPECT_NE(text.find(key.doc), std::string::npos) << key.name;
  }
}

// If two keys wrote to one member, a key would have no effect of its own.
const void* member_of(const void* target) {
  return target;
}
const void* member_of(const EnumRef& target) {
  return target.member;
}

TEST(Recipe, EveryKeyHasItsOwnMember) {
  Recipe recipe;
  std::set<const void*> members;
  for (const auto& key : recipe_keys()) {
    const void* member = std::visit([](auto target) { return member_of(target); }, key.at(recipe));
    EXPECT_TRUE(members.insert(member).second) << key.name;
  }
}

TEST(Recipe, TomlRoundTripIsTheIdentity) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-30.0, 30.0), fraction(0.0, 0.49);
  std::uniform_int_distribution<std::int64_t> width(1, 5000);
  for (int trial = 0; trial < 200; ++trial) {
    Recipe recipe;
    recipe.name = "quotes \" and \\ and \t tabs, ünïcode";
    recipe.description = trial % 2 ? "" : "line\nbreak # no comment";
    recipe.data.name = "/some/päth with space.npy";
    recipe.data.validation = fraction(random);
    recipe.data.test = fraction(random);
    recipe.model.encoder = {width(random), width(random)};
    recipe.model.decoder =
        trial % 3 ? std::vector<Layer>{width(random), "conv 32 k4 s2"} : std::vector<Layer>{};
    recipe.model.variance = std::pow(10.0, exponent(random));
    recipe.objective.beta = trial == 0 ? 0.0 : std::pow(10.0, exponent(random));
    recipe.train.learning_rate = trial == 0 ? 1e-30 : std::pow(10.0, exponent(random));
    recipe.train.epsilon = trial == 0 ? 1e22 : 1e-8;
    recipe.train.seed = random() >> 2;
    const std::string text = recipe.to_toml();
    const auto again = Recipe::from_toml(text);
    ASSERT_EQ(again.to_toml(), text);
    ASSERT_EQ(again.name, recipe.name);
    ASSERT_EQ(again.description, recipe.description);
    ASSERT_EQ(again.data.name, recipe.data.name);
    ASSERT_EQ(again.data.validation, recipe.data.validation);
    ASSERT_EQ(again.model.encoder, recipe.model.encoder);
    ASSERT_EQ(again.model.decoder, recipe.model.decoder);
    ASSERT_EQ(again.model.variance, recipe.model.variance);
    ASSERT_EQ(again.objective.beta, recipe.objective.beta);
    ASSERT_EQ(again.train.learning_rate, recipe.train.learning_rate);
    ASSERT_EQ(again.train.epsilon, recipe.train.epsilon);
    ASSERT_EQ(again.train.seed, recipe.train.seed);
  }
}

TEST(Recipe, SetTakesTomlAndBareWords) {
  EXPECT_EQ(with("model.latent=2").model.latent, 2);
  EXPECT_EQ(with("model.encoder=[64, 32]").model.encoder, (std::vector<Layer>{64, 32}));
  EXPECT_EQ(with("model.encoder=[]").model.encoder, std::vector<Layer>{});
  EXPECT_EQ(with("model.activation=tanh").model.activation, "tanh");
  EXPECT_EQ(with("model.activation = \"gelu\"").model.activation, "gelu");
  EXPECT_EQ(with("data.name=a folder/x=1.npy").data.name, "a folder/x=1.npy");
  EXPECT_EQ(with("data.name=10").data.name, "10");
  EXPECT_TRUE(with("data.standardize=true").data.standardize);
  EXPECT_EQ(with("train.learning_rate=1e-4").train.learning_rate, 1e-4);
  EXPECT_EQ(with("objective.beta=4").objective.beta, 4.0);
}

TEST(Recipe, LayersAreWidthsOrTexts) {
  const Recipe recipe = with("model.encoder=[\"conv 32  k4 s2 \", 300, \"40\"]");
  EXPECT_EQ(recipe.model.encoder, (std::vector<Layer>{"conv 32 k4 s2", 300, 40}));
  EXPECT_EQ(recipe.model.encoder[2].width(), 40) << "a width may be quoted";
  EXPECT_EQ(recipe.model.encoder[0].width(), std::nullopt);
  const std::string text = recipe.to_toml();
  EXPECT_SAYS(text, "encoder = [\"conv 32 k4 s2\", 300, 40]  #");
  EXPECT_EQ(Recipe::from_toml(text).to_toml(), text);
  EXPECT_NE(Layer(300), Layer("gated 300"));
}

TEST(Recipe, WrongLayersAreNamed) {
  std::string said =
      config_error([] { Recipe::from_toml("[model]\n\nencoder = [400, \"cnov 32\"]\n", "x.toml"); });
  EXPECT_SAYS(said, "x.toml:3: model.encoder[1] \"cnov 32\": no layer is called \"cnov\"");
  EXPECT_SAYS(said, "did you mean \"conv\"");
  said = config_error([] { with("model.decoder=[\"conv 32 k900\"]"); });
  EXPECT_SAYS(said, "model.decoder[0] \"conv 32 k900\": its k cannot be \"900\"");
  EXPECT_SAYS(said, "It is written \"conv CHANNELS [kSIZE] [sSTRIDE] [pPADDING]\".");
  said = config_error([] { with("model.decoder=[32, \"gated conv\"]"); });
  EXPECT_SAYS(said, "model.decoder[1] \"gated conv\": its number of channels is missing.");
  said = config_error([] { with("model.encoder=[400, 0]"); });
  EXPECT_SAYS(said, "model.encoder[1] is 0, but must be at least 1");
  said = config_error([] { with("model.encoder=[true]"); });
  EXPECT_SAYS(said, "model.encoder takes a list of layers, as in [400, \"conv 32 k4 s2\"]");
}

TEST(Recipe, UnknownNamesAreMetWithTheNearest) {
  std::string said = config_error([] { Recipe::named("digit"); });
  EXPECT_SAYS(said, "\"digits\"");
  said = config_error([] { with("model.latnet=2"); });
  EXPECT_SAYS(said, "model.latnet");
  EXPECT_SAYS(said, "\"model.latent\"");
  said = config_error([] { with("latent=2"); });
  EXPECT_SAYS(said, "\"model.latent\"");
  said = config_error([] { with("model.activation=rleu"); });
  EXPECT_SAYS(said, "model.activation");
  EXPECT_SAYS(said, "\"relu\"");
  said = config_error([] { with("model.likelihood=bernouli"); });
  EXPECT_SAYS(said, "\"bernoulli\"");
  said = config_error([] { with("model.initialization=xavier"); });
  EXPECT_SAYS(said, "pytorch");
  said = config_error([] { with("data.binarize=treshold"); });
  EXPECT_SAYS(said, "\"threshold\"");
  said = config_error([] { with("train.optimizer=adammax"); });
  EXPECT_SAYS(said, "\"adamax\"");
  said = config_error([] { with("model.kind=ae"); });
  EXPECT_SAYS(said, "\"vae\"");
}

TEST(Recipe, FilesAreRefusedByNameAndLine) {
  std::string said = config_error([] { Recipe::from_toml("name = \"x\"\n[model]\nlatnet = 2\n", "x.toml"); });
  EXPECT_SAYS(said, "x.toml:3: ");
  EXPECT_SAYS(said, "\"model.latent\"");
  said = config_error([] { Recipe::from_toml("[train]\n\nbatch = 0\n", "x.toml"); });
  EXPECT_SAYS(said, "x.toml:3: train.batch");
  EXPECT_SAYS(said, "at least 1");
  said = config_error([] { Recipe::from_toml("[train\n", "x.toml"); });
  EXPECT_SAYS(said, "x.toml:1: ");
  said = config_error([] { Recipe::from_toml("[train]\nbatch = \"many\"\n", "x.toml"); });
  EXPECT_SAYS(said, "x.toml:2: train.batch takes a whole number");
  said = config_error([] { Recipe::from_toml("[modle]\nlatent = 2\n", "x.toml"); });
  EXPECT_SAYS(said, "\"model.latent\"");
  EXPECT_THROW(Recipe::from_file("/nowhere/x.toml"), IoError);
}

TEST(Recipe, ImpossibleValuesAreRefused) {
  for (const char* setting : {"model.latent=0",
                              "model.latent=-3",
                              "model.latent=2.5",
                              "train.batch=0",
                              "train.epochs=-1",
                              "train.learning_rate=0",
                              "train.learning_rate=nan",
                              "train.learning_rate=-1e-3",
                              "train.learning_rate=inf",
                              "model.encoder=[400, 0]",
                              "model.decoder=[-1]",
                              "model.decoder=400",
                              "model.variance=0",
                              "model.variance=-1",
                              "data.validation=1",
                              "data.test=-0.1",
                              "objective.beta=-1",
                              "objective.beta=nan",
                              "train.beta1=1",
                              "train.beta2=1.5",
                              "train.epsilon=0",
                              "train.weight_decay=-1",
                              "train.clip_norm=-1",
                              "train.skip_norm=-1",
                              "train.seed=-1",
                              "data.standardize=maybe",
                              "train.batch=",
                              "train.batch",
                              "=3",
                              "model.encoder=[4",
                              "model.encoder=[4.5]",
                              "model.encoder=[[4]]",
                              "model.encoder=[\"\"]",
                              "model.encoder=[\"-4\"]",
                              "model.encoder=[\"conv\"]",
                              "model.encoder=[\"conv 0\"]",
                              "model.encoder=[\"conv 3 k0\"]",
                              "model.encoder=[\"conv 3 k3 p3\"]",
                              "model.encoder=[\"conv 3 o1\"]",
                              "model.encoder=[\"conv 3 4\"]",
                              "model.encoder=[\"deconv 3 s2 o2\"]",
                              "model.encoder=[\"reshape 4x4\"]",
                              "model.encoder=[\"reshape 4x4x4x\"]",
                              "model.encoder=[\"reshape 65536x65536x65536\"]",
                              "model.encoder=[\"gated\"]",
                              "model.encoder=[\"gated 3x\"]",
                              "train.batch=1\nx=2",
                              "train.seed=99999999999999999999"}) {
    const std::string said = config_error([&] { with(setting); });
    EXPECT_FALSE(said.empty()) << setting << " was taken";
  }
  const Recipe untouched;
  Recipe recipe;
  EXPECT_THROW(recipe.set("model.latent=0"), ConfigError);
  EXPECT_EQ(recipe.to_toml(), untouched.to_toml()) << "a refused value was kept";
}

TEST(Recipe, ObjectivesThatContradictEachOtherAreRefused) {
  struct Contradiction {
    std::vector<std::string> settings;
    std::string says;
  };
  const std::vector<Contradiction> contradictions = {
      {{"objective.kind=iwae", "objective.free_bits=0.5"}, "objective.free_bits"},
      {{"objective.kind=iwae", "objective.capacity=5"}, "objective.capacity"},
      {{"objective.free_bits=0.5", "objective.capacity=5"}, "use one"},
      {{"objective.warmup_epochs=2", "objective.cycles=4"}, "use one"},
      {{"objective.capacity_epochs=2"}, "objective.capacity"},
      {{"objective.code_l1=1"}, "objective.code_l1"},
      {{"objective.code_l2=1"}, "objective.code_l2"},
      {{"objective.corruption=gaussian"}, "objective.corruption_amount"},
      {{"objective.corruption_amount=0.5"}, "\"gaussian\" or \"masking\""},
      {{"objective.corruption=masking", "objective.corruption_amount=1"}, "fraction"},
      {{"model.kind=autoencoder", "objective.warmup_epochs=2"}, "objective.warmup_epochs"},
      {{"model.kind=autoencoder", "objective.cycles=2"}, "cycles"},
      {{"model.kind=autoencoder", "objective.free_bits=2"}, "free_bits"},
      {{"model.kind=autoencoder", "objective.capacity=2"}, "capacity"},
  };
  for (const auto& contradiction : contradictions) {
    Recipe recipe;
    for (const auto& setting : contradiction.settings) recipe.set(setting);
    EXPECT_SAYS(config_error([&] { recipe.validate(); }), contradiction.says);
  }
  Recipe recipe;
  recipe.set("model.kind=autoencoder");
  recipe.set("objective.code_l1=0.1");
  recipe.set("objective.corruption=masking");
  recipe.set("objective.corruption_amount=0.5");
  EXPECT_NO_THROW(recipe.validate());
}

TEST(Recipe, ContradictionsAreRefused) {
  Recipe recipe;
  recipe.data.validation = recipe.data.test = 0.5;
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "data.validation");
  recipe = {};
  recipe.data.standardize = true;
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "data.standardize");
  recipe.model.likelihood = "gaussian-sigmoid";
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "data.standardize");
  recipe.model.likelihood = "gaussian";
  EXPECT_NO_THROW(recipe.validate());
  recipe.data.binarize = Binarize::threshold;
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "data.binarize");
  recipe = {};
  recipe.model.kind = "autoencoder";
  recipe.objective.samples = 5;
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "objective.samples");
  recipe.objective = {.kind = "iwae"};
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "objective.kind");
  recipe.model.kind = "vae";
  EXPECT_NO_THROW(recipe.validate());
  recipe = {};
  recipe.train.learning_rate = std::numeric_limits<double>::quiet_NaN();
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "train.learning_rate");
  recipe = {};
  recipe.train.normalize_gradient = true;
  EXPECT_NO_THROW(recipe.validate());
  recipe.train.clip_norm = 0.5;
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "train.clip_norm is 0.5");
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "train.normalize_gradient");
  recipe.train.normalize_gradient = false;
  recipe.train.skip_norm = 0.5;
  EXPECT_SAYS(config_error([&] { recipe.validate(); }), "Lower train.clip_norm");
  recipe.train.skip_norm = 0.6;
  EXPECT_NO_THROW(recipe.validate());
}

}  // namespace
}  // namespace elbo
