// The command as a user runs it: its output, its files, its exit codes.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/file.h"
#include "support/cli.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

TEST(Cli, HelpAndVersionGoToStandardOutput) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"--help"},
                                                                     {"--version"},
                                                                     {"train", "--help"},
                                                                     {"select", "--help"},
                                                                     {"eval", "--help"},
                                                                     {"sample", "--help"},
                                                                     {"reconstruct", "--help"},
                                                                     {"encode", "--help"},
                                                                     {"decode", "--help"},
                                                                     {"anomalies", "--help"},
                                                                     {"data", "--help"},
                                                                     {"recipe", "--help"},
                                                                     {"info", "--help"}}) {
    const auto result = run_elbo(arguments);
    EXPECT_EQ(result.code, 0) << arguments[0] << result.err;
    EXPECT_FALSE(result.out.empty()) << arguments[0];
    EXPECT_EQ(result.err, "") << arguments[0];
  }
  EXPECT_SAYS(run_elbo({"--version"}).out, version());
  for (const auto& arguments : std::vector<std::vector<std::string>>{{}, {"help"}}) {
    const auto result = run_elbo(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(result.out, run_elbo({"--help"}).out);
  }
  EXPECT_EQ(run_elbo({"help", "train"}).out, run_elbo({"train", "--help"}).out);
  EXPECT_EQ(run_elbo({"help", "data", "show"}).out, run_elbo({"data", "show", "--help"}).out);
  const auto help = run_elbo({"train", "--help"}).out;
  for (const char* word :
       {"mnist-deep", "latent-2d", "model.latent", "relu", "--resume", "train.learning_rate"})
    EXPECT_SAYS(help, word);
}

TEST(Cli, InfoNamesTheDevices) {
  const auto text = run_elbo({"info"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_SAYS(text.out, version());
  EXPECT_SAYS(text.out, "cpu");
  const auto json = Json::parse(run_elbo({"info", "--json"}).out);
  EXPECT_EQ(json.at("version"), version());
  EXPECT_EQ(json.at("cuda"), cuda_support_name(cuda_support()));
  EXPECT_GE(json.at("threads").get<int>(), 1);
  EXPECT_EQ(json.at("devices").at(0).at("device"), "cpu");
}

TEST(Cli, DataListNamesWhatIsKnown) {
  const auto text = run_elbo({"data", "list"});
  EXPECT_EQ(text.code, 0) << text.err;
  for (const char* name : {"digits", "gaussian2d", "uniform10", "mnist"}) EXPECT_SAYS(text.out, name);
  const auto json = Json::parse(run_elbo({"data", "list", "--json"}).out);
  EXPECT_EQ(json.at("datasets").size(), known_datasets().size());
}

TEST(Cli, DataGetKeepsWhatIsAtHandAndSaysWhatFailed) {
  const TempFolder folder;
  write(folder / "data/mnist/train-images-idx3-ubyte", "");
  CommandSettings settings;
  settings.environment = {"ELBO_DATA=" + (folder / "data").string(),
                          "XDG_CACHE_HOME=" + (folder / "cache").string(), "ELBO_MIRROR=http://127.0.0.1:1",
                          "no_proxy=127.0.0.1"};
  const auto there = run_elbo({"data", "get", "mnist"}, settings);
  EXPECT_EQ(there.code, 0) << there.err;
  EXPECT_SAYS(there.out, (folder / "data/mnist").string());
  expect_complaint(run_elbo({"data", "get", "kmnist"}, settings), 1, {"http://127.0.0.1:1/kmnist/"});
  expect_complaint(run_elbo({"data", "get", "minst"}, settings), 2, {"minst", "\"mnist\""});
  expect_complaint(run_elbo({"data", "get", "digits"}, settings), 2, {"digits", "built in"});
  EXPECT_EQ(files_below(folder / "cache"), std::vector<std::string>{});
}

void expect_terms(const Json& terms, bool variational = true) {
  const double reconstruction = terms.at("reconstruction");
  if (!variational) {
    EXPECT_TRUE(terms.at("kl").is_null());
    EXPECT_TRUE(terms.at("elbo").is_null()) << "without a prior there is no bound";
    return;
  }
  const double kl = terms.at("kl");
  const double elbo = terms.at("elbo");
  EXPECT_NEAR(elbo, -(reconstruction + kl), 1e-4 * (1.0 + std::abs(elbo)));
  EXPECT_GE(kl, 0.0);
}

TEST(Cli, SkippedStepsAreTold) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 40, 10);
  const auto train = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        "--data", data, "--out", (folder / "run").string(), "--force", "--epochs", "2", "--batch", "20"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = run_elbo(small_training(arguments));
    EXPECT_EQ(result.code, 0) << result.err;
    return result;
  };
  const auto told = train({"--set", "train.skip_norm=1e-6"});
  EXPECT_SAYS(told.err, "2 steps skipped");
  EXPECT_SAYS(told.err, "4 steps skipped");
  EXPECT_SAYS(told.out, "4 steps skipped of 4: the norm of their gradient was above train.skip_norm");
  EXPECT_EQ(Json::parse(train({"--set", "train.skip_norm=1e-6", "--json"}).out).at("skipped_steps"), 4);
  const auto none = train({"--set", "train.skip_norm=1e6"});
  EXPECT_EQ((none.out + none.err).find("skipped"), std::string::npos) << none.out << none.err;
  EXPECT_FALSE(Json::parse(train({"--json"}).out).contains("skipped_steps"));
}

// One run of small pictures, through every subcommand.
TEST(Cli, ARunOfPicturesServesEveryCommand) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 96, 32);
  const auto run = (folder / "run").string();
  const auto trained =
      run_elbo(small_training({"--data", data, "--out", run, "--epochs", "2", "--batch", "20", "--json",
                               "--set", "model.latent=2", "--set", "data.validation=0.25"}));
  ASSERT_EQ(trained.code, 0) << trained.err;

  const auto json = Json::parse(trained.out);
  EXPECT_EQ(json.at("device"), device().name());
  EXPECT_EQ(json.at("epochs"), 2);
  EXPECT_EQ(json.at("steps"), 2 * 4) << "72 examples in batches of 20, the last of 12 kept";
  EXPECT_GT(json.at("seconds").get<double>(), 0.0);
  EXPECT_GT(json.at("examples_per_second").get<double>(), 0.0);
  for (const char* split : {"train", "validation", "test"}) expect_terms(json.at(split));
  EXPECT_GE(json.at("active_units").get<int>(), 0);
  EXPECT_SAYS(trained.err, "epoch 1/2");
  EXPECT_SAYS(trained.err, "epoch 2/2");
  EXPECT_EQ(trained.err.find('\r'), std::string::npos) << "a pipe gets plain lines";
  EXPECT_EQ(files_below(run),
            (std::vector<std::string>{"checkpoint.safetensors", "curves.png", "last.safetensors",
                                      "latent.png", "manifold.png", "metrics.jsonl", "model.safetensors",
                                      "recipe.toml", "reconstructions.png", "samples.png", "walk.png"}));
  EXPECT_EQ(Recipe::from_file(run + "/recipe.toml").model.latent, 2);

  const auto dev = device().name();
  const auto evaluated = run_elbo({"eval", run, "--nll-samples", "8", "--json", "--device", dev});
  ASSERT_EQ(evaluated.code, 0) << evaluated.err;
  const auto figures = Json::parse(evaluated.out);
  EXPECT_EQ(figures.at("split"), "test");
  EXPECT_EQ(figures.at("examples"), 32);
  EXPECT_EQ(figures.at("test"), json.at("test")) << "eval and train report the same for the saved model";
  expect_complaint(run_elbo({"eval", run, "--split", "all", "--device", dev}), 2, {"--split all", "splits"});
  EXPECT_EQ(figures.at("nll_samples"), 8);
  EXPECT_LE(figures.at("nll").get<double>(), -figures.at("test").at("elbo").get<double>() + 1.0);
  EXPECT_GT(figures.at("nll_standard_error").get<double>(), 0.0);
  const auto table = run_elbo({"eval", run, "--split", "validation", "--device", dev});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_SAYS(table.out, "validation");
  EXPECT_SAYS(table.out, "-ELBO");
  EXPECT_EQ(table.err, "");

  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"sample", run, "-n", "9", "--out", folder / "s.png"},
           {"sample", run, "--manifold", "4", "--out", folder / "m.png"},
           {"reconstruct", run, "-n", "5", "--out", folder / "r5.png"},
           {"reconstruct", run, "-n", "17", "--out", folder / "r17.png"},
           {"reconstruct", run, "--walk", "--out", folder / "w.png"},
           {"reconstruct", run, "--arc", "--out", folder / "W1.PNG"},
           {"reconstruct", run, "--between", "3", "4", "--arc", "--out", folder / "w2.png"}}) {
    auto with_device = arguments;
    with_device.insert(with_device.end(), {"--device", dev});
    const auto result = run_elbo(with_device);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_SAYS(result.out, arguments.back());
    EXPECT_TRUE(io::read_file(arguments.back()).starts_with("\x89PNG")) << arguments.back();
  }
  expect_complaint(run_elbo({"sample", run, "-n", "100000000", "--out", folder / "x.png", "--device", dev}),
                   2, {"100000000", "too many", ".npy"});

  // Codes of the test split decode to its reconstructions.
  const std::string codes = folder / "codes.npy", decoded = folder / "decoded.csv",
                    rebuilt = folder / "rebuilt.csv";
  EXPECT_EQ(run_elbo({"encode", run, "--out", codes, "--device", dev}).code, 0);
  EXPECT_EQ(load_dataset(codes).train.count, 32);
  EXPECT_EQ(load_dataset(codes).train.dims, 2);
  const auto decoding = run_elbo({"decode", run, "--codes", codes, "--out", decoded, "--device", dev});
  EXPECT_EQ(decoding.code, 0) << decoding.err;
  EXPECT_EQ(run_elbo({"reconstruct", run, "--out", rebuilt, "--device", dev}).code, 0);
  const auto left = load_dataset(decoded).train, right = load_dataset(rebuilt).train;
  ASSERT_EQ(left.count, 32);
  ASSERT_EQ(left.floats.size(), right.floats.size());
  for (std::size_t i = 0; i < left.floats.size(); ++i)
    ASSERT_NEAR(left.floats[i], right.floats[i], 1e-5f) << i;
  // Tables and pictures alike show as many as -n says, evenly spaced.
  const std::string few = folder / "few.csv";
  const auto some = run_elbo({"reconstruct", run, "-n", "4", "--out", few, "--device", dev});
  EXPECT_SAYS(some.out, "4 evenly spaced test ");
  const auto chosen = load_dataset(few).train;
  ASSERT_EQ(chosen.count, 4);
  for (std::int64_t i = 0; i < 4; ++i) {
    for (std::int64_t j = 0; j < chosen.dims; ++j)
      ASSERT_NEAR(chosen.value(i, j), right.value(8 * i, j), 1e-5f) << i;
  }
  const std::string both = folder / "both.csv";
  EXPECT_EQ(run_elbo({"encode", run, "--log-variance", "--out", both, "--device", dev}).code, 0);
  EXPECT_EQ(load_dataset(both).train.dims, 4);

  const auto info = run_elbo({"info", run});
  EXPECT_EQ(info.code, 0) << info.err;
  EXPECT_SAYS(info.out, "encoder.mean.weight");
  EXPECT_SAYS(info.out, "latent = 2");
  const auto details = Json::parse(run_elbo({"info", run, "--json"}).out);
  EXPECT_EQ(details.at("parameters"), json.at("parameters"));
  EXPECT_EQ(details.at("last_epoch").at("epoch"), 2);
  EXPECT_EQ(details.at("recipe").at("model").at("encoder"), Json({8}));
  EXPECT_EQ(details.at("recipe").at("data").at("validation"), 0.25);
}

TEST(Cli, PointsOfThePlaneGetScatterPlots) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "run").string();
  const auto trained = run_elbo(small_training({"latent-2d", "--out", run, "--epochs", "1"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_SAYS(trained.out, "-ELBO");
  EXPECT_SAYS(trained.out, run);
  EXPECT_SAYS(trained.out, "elbo eval");
  for (const char* name : {"samples.png", "reconstructions.png", "latent.png"}) {
    EXPECT_TRUE(std::filesystem::exists(run + "/" + name)) << name;
  }
  const auto samples =
      run_elbo({"sample", run, "-n", "50", "--out", folder / "s.csv", "--device", device().name()});
  EXPECT_EQ(samples.code, 0) << samples.err;
  EXPECT_EQ(load_dataset((folder / "s.csv").string()).train.count, 50);
}

TEST(Cli, ManyDrawsComeInChunksAndContinueTheSequence) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "run").string(), dev = device().name();
  ASSERT_EQ(run_elbo(small_training({"latent-2d", "--epochs", "1", "--out", run})).code, 0);
  const auto drawn = [&](const std::string& count) {
    const auto file = (folder / (count + ".npy")).string();
    EXPECT_EQ(run_elbo({"sample", run, "-n", count, "--out", file, "--device", dev}).code, 0);
    return load_dataset(file).train.floats;
  };
  const auto values = drawn("4099");  // three more than the first chunk
  auto model = Model::load(run, device());
  const auto whole = model.sample(4099, 1).values;
  ASSERT_EQ(values.size(), whole.size());
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], whole[i], 1e-5) << i;
}

TEST(Cli, AnAutoencoderHasNoPriorToDrawFrom) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "run").string();
  const auto trained = run_elbo(small_training({"--data", "uniform10", "--set", "model.kind=autoencoder",
                                                "--out", run, "--epochs", "1", "--batch", "1000", "--json"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  expect_terms(Json::parse(trained.out).at("test"), false);
  expect_complaint(run_elbo({"sample", run, "--out", folder / "x.png", "--device", device().name()}), 2,
                   {"x.png", ".npy or .csv"});
  const auto sampled = run_elbo({"sample", run, "--device", device().name()});
  expect_complaint(sampled, 2, {"autoencoder"});
  EXPECT_FALSE(std::filesystem::exists(run + "/samples.csv"));
  expect_complaint(run_elbo({"eval", run, "--nll-samples", "5", "--device", device().name()}), 2,
                   {"--nll-samples"});
}

TEST(Cli, ARunFindsItsDataFromAnyFolder) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  write_pictures(folder / "pictures", 10, 3);
  CommandSettings here;
  here.folder = folder.path().string();
  ASSERT_EQ(run_elbo(small_training({"--data", "pictures", "--out", "run", "--epochs", "1"}), here).code, 0);
  const auto elsewhere = run_elbo({"eval", folder / "run", "--device", device().name()});
  EXPECT_EQ(elsewhere.code, 0) << elsewhere.err;
}

TEST(Cli, OneExampleHasNoStandardError) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "run").string(), dev = device().name();
  const auto one = write(folder / "one.csv", "a,b\n0.5,0.25\n").string();
  ASSERT_EQ(run_elbo(small_training({"latent-2d", "--out", run, "--epochs", "1"})).code, 0);
  const std::vector<std::string> eval = {"eval",          run, "--data",   one, "--split", "train",
                                         "--nll-samples", "1", "--device", dev};
  const auto table = run_elbo(eval);
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_SAYS(table.out, "NLL, 1 sample ");
  auto json = eval;
  json.push_back("--json");
  EXPECT_TRUE(Json::parse(run_elbo(json).out).at("nll_standard_error").is_null());
}

TEST(Cli, ABatchLargerThanTheDataIsOneSmallerBatch) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto data = write_pictures(folder / "pictures", 10, 3);
  const auto result = run_elbo(small_training(
      {"--data", data, "--out", folder / "run", "--batch", "1000", "--epochs", "3", "--json"}));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(Json::parse(result.out).at("steps"), 3);
}

TEST(Cli, RunsAreNumberedAndNeverOverwritten) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  CommandSettings here;
  here.folder = folder.path().string();
  const auto arguments = small_training({"latent-2d", "--epochs", "0"});
  ASSERT_EQ(run_elbo(arguments, here).code, 0);
  ASSERT_EQ(run_elbo(arguments, here).code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "runs/latent-2d-1/last.safetensors"));
  EXPECT_TRUE(std::filesystem::exists(folder / "runs/latent-2d-2/last.safetensors"));

  const auto before = io::read_file(folder / "runs/latent-2d-2/recipe.toml");
  auto again = arguments;
  again.insert(again.end(), {"--out", "runs/latent-2d-2", "--set", "model.latent=3"});
  expect_complaint(run_elbo(again, here), 2, {"runs/latent-2d-2", "--resume", "--force"});
  EXPECT_EQ(io::read_file(folder / "runs/latent-2d-2/recipe.toml"), before);
  again.push_back("--force");
  EXPECT_EQ(run_elbo(again, here).code, 0);
  EXPECT_EQ(Recipe::from_file(folder / "runs/latent-2d-2/recipe.toml").model.latent, 3);
}

TEST(Cli, JsonIsUtf8WhateverTheFoldersName) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "caf\xe9").string();  // Latin-1
  const auto trained = run_elbo(small_training({"latent-2d", "--out", run, "--epochs", "1", "--json"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_EQ(Json::parse(trained.out).at("steps"), 10);
}

TEST(Cli, ReportsNameTheDataThatIsNotTheRecipesOwn) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto data = write_pictures(folder / "my pictures", 10, 3), run = (folder / "run").string();
  const auto other = run_elbo(small_training({"digits", "--data", data, "--out", run, "--epochs", "1"}));
  ASSERT_EQ(other.code, 0) << other.err;
  EXPECT_SAYS(other.out, "digits with " + data + " on ");
  EXPECT_SAYS(other.out, "elbo train " + run + "/recipe.toml --set model.latent=2");
  const auto untrained = run_elbo(small_training({"--data", data, "--out", folder / "0", "--epochs", "0"}));
  EXPECT_SAYS(untrained.out, "nothing was trained");
  EXPECT_EQ(untrained.out.find("elbo eval"), std::string::npos) << untrained.out;
}

TEST(Cli, ResumeTakesTheRunsOwnRecipe) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "run").string();
  ASSERT_EQ(run_elbo(small_training({"latent-2d", "--out", run, "--epochs", "1"})).code, 0);
  const auto dev = device().name();
  expect_complaint(run_elbo({"train", "--resume", "--out", run, "--batch", "7", "--device", dev}), 2,
                   {"train.batch", "--resume"});
  expect_complaint(run_elbo({"train", "--resume", "--out", folder / "nothing", "--device", dev}), 1,
                   {"nothing", "recipe.toml"});
  expect_complaint(run_elbo({"train", "digits", "--resume", "--out", run, "--device", dev}), 2,
                   {"digits", "latent-2d", "--resume"});
  const auto finished = run_elbo({"train", run, "--resume", "--json", "--device", dev});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(Json::parse(finished.out).at("steps"), 10);
  EXPECT_EQ(Json::parse(finished.out).at("already_finished"), true);
  EXPECT_SAYS(run_elbo({"train", "latent-2d", "--resume", "--out", run, "--device", dev}).out,
              "already finished: 1 epoch; --epochs 2 goes further");
  expect_complaint(run_elbo({"train", "--resume", "--out", run, "--epochs", "0", "--device", dev}), 2,
                   {"--epochs 0", "1 epoch"});
}

TEST(Cli, TheCountHasOneMeaningInEveryCommand) {
  int commands = 0;
  for (const char* command : {"train", "select", "eval", "anomalies", "sample", "reconstruct", "edit",
                              "encode", "decode", "impute", "data", "recipe", "info"}) {
    const std::string help = run_elbo({"help", command}).out;
    const auto at = help.find("  -n");
    if (at == std::string::npos) continue;
    ++commands;
    EXPECT_TRUE(help.substr(at).starts_with("  -n,--count ")) << help;
    EXPECT_LT(help.find("Number of ", at), help.find("\n  -", at + 1)) << help;
  }
  EXPECT_EQ(commands, 5);
}

}  // namespace
}  // namespace elbo::test
