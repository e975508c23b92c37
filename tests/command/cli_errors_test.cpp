// Bad input to the command: a clear message of one to three lines, the right exit code, no partial files.

#include <gtest/gtest.h>

#include "io/file.h"
#include "support/cli.h"

namespace elbo::test {
namespace {

// Expects a training of `data` to fail before it leaves anything behind.
void expect_refused(const std::string& data, int code, const std::vector<std::string>& parts,
                    const std::vector<std::string>& more = {}) {
  const TempFolder folder;
  auto arguments = small_training({"digits", "--data", data, "--out", folder / "run", "--epochs", "1"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  expect_complaint(run_elbo(arguments), code, parts);
  EXPECT_TRUE(files_below(folder.path()).empty()) << files_below(folder.path()).front();
}

TEST(CliErrors, WrongUsageIsExitCode2) {
  expect_complaint(run_elbo({"--quiet"}), 2, {"--quiet"});
  expect_complaint(run_elbo({"help", "trian"}), 2, {"trian", "\"train\""});
  expect_complaint(run_elbo({"trian", "digits"}), 2, {"trian", "\"train\""});
  expect_complaint(run_elbo({"train", "--bach", "3"}), 2, {"--bach", "\"--batch\""});
  expect_complaint(run_elbo({"train", "digit"}), 2, {"digit", "\"digits\""});
  expect_complaint(run_elbo({"train", "--set", "model.latnet=2"}), 2, {"model.latnet", "\"model.latent\""});
  expect_complaint(run_elbo({"train", "--set", "model.latent"}), 2, {"model.latent", "key=value"});
  expect_complaint(run_elbo({"train", "--batch", "0"}), 2, {"train.batch", "at least 1"});
  expect_complaint(run_elbo({"train", "--epochs", "many"}), 2, {"train.epochs", "many"});
  expect_complaint(run_elbo({"train", "--seed", "-1"}), 2, {"train.seed"});
  expect_complaint(run_elbo({"train", "--set", "train.learning_rate=nan"}), 2, {"train.learning_rate"});
  expect_complaint(run_elbo({"train", "uniform-ae", "--set", "objective.beta=3"}), 2,
                   {"would change nothing"});
  expect_complaint(run_elbo({"train", "mnist-burda", "--set", "train.learning_rate=0.1"}), 2,
                   {"train.learning_rate=0.1", "would change nothing", "train.stage_rates"});
  for (const char* setting :
       {"train.decay_epochs=2", "train.decay_factor=0.5", "train.final_learning_rate=0",
        "objective.ramp_fraction=1", "model.variance=2", "model.scale=2", "model.classes=3"}) {
    expect_complaint(run_elbo({"train", "digits", "--set", setting}), 2, {setting, "would change nothing"});
  }
  for (const char* key :
       {"model.variance", "train.epsilon", "train.learning_rate"}) {  // 0 or infinite as float
    expect_complaint(run_elbo({"train", "--set", std::string(key) + "=1e-50"}), 2, {key, "1e-30"});
    expect_complaint(run_elbo({"train", "--set", std::string(key) + "=1e50"}), 2, {key, "1e+30"});
  }
  for (const char* seed : {"-1", "99999999999999999999", "2.5", "", "7x"}) {
    expect_complaint(run_elbo({"sample", "x", "--seed", seed}), 2, {"--seed", "whole number"});
    expect_complaint(run_elbo({"eval", "x", "--seed", seed}), 2, {"--seed", "whole number"});
  }
  expect_complaint(run_elbo({"train", "--epochs", "1e9"}), 2, {"train.epochs", "1e9", "whole number"});
  expect_complaint(run_elbo({"train", "--set", "model.encoder=8"}), 2, {"model.encoder", "as in [", "not 8"});
  expect_complaint(run_elbo({"train", "--set", "name="}), 2, {"name", "empty"});
  expect_complaint(run_elbo({"train", ""}), 2, {"RECIPE", "empty"});
  expect_complaint(run_elbo({"train", "--out", ""}), 2, {"--out", "empty"});
  expect_complaint(run_elbo({"train", "mnist"}), 2, {"elbo train --data mnist", "elbo train mnist-deep."});
  expect_complaint(run_elbo({"train", "d/x.npy"}), 2, {"elbo train --data d/x.npy"});
  expect_complaint(run_elbo({"train", "--epochs", "2", "--epochs", "3"}), 2,
                   {"--epochs", "more than once", "elbo train --help"});
  expect_complaint(run_elbo({"reconstruct", "x", "--between", "3"}), 2, {"--between", "2 values"});
  expect_complaint(run_elbo({"reconstruct", "x", "--between", "a", "b"}), 2, {"--between", "whole numbers"});
  expect_complaint(run_elbo({"eval", "x", "--nll-samples", "many"}), 2, {"nll-samples", "from 0", "many"});
  expect_complaint(run_elbo({"train", "--device", "gpu"}), 2, {"gpu", "cuda"});
  expect_complaint(run_elbo({"eval"}), 2, {"RUN"});
  expect_complaint(run_elbo({"eval", "x", "--nll-samples", "-5"}), 2, {"nll-samples"});
  expect_complaint(run_elbo({"encode", "x", "--out", "codes.txt"}), 2, {"codes.txt", ".npy"});
  expect_complaint(run_elbo({"data"}), 2, {"subcommand"});
}

TEST(CliErrors, WhatIsNotThereIsNamed) {
  const TempFolder folder;
  const auto missing = (folder / "missing").string();
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"eval", missing},
           {"sample", missing},
           {"reconstruct", missing},
           {"info", missing},
           {"encode", missing, "--out", folder / "x.npy"},
           {"train", missing + ".toml"},
           {"decode", missing, "--codes", "c.csv", "--out", folder / "x.npy"}}) {
    expect_complaint(run_elbo(arguments), 1, {"missing"});
  }
  EXPECT_TRUE(files_below(folder.path()).empty());
  expect_refused("minst", 2, {"minst", "\"mnist\""});
  expect_refused(missing + ".npy", 1, {"missing.npy"});
}

TEST(CliErrors, DamagedDataIsRefusedByName) {
  const TempFolder folder;
  const auto pictures = write_pictures(folder / "pictures", 20, 5);
  const std::filesystem::path images = folder / "pictures/train-images-idx3-ubyte";
  const auto whole = io::read_file(images);
  write(images, whole.substr(0, whole.size() / 2));
  expect_refused(pictures, 1, {"train-images-idx3-ubyte"});
  write(images, "no magic at all" + whole);
  expect_refused(pictures, 1, {"train-images-idx3-ubyte"});
  write(images, "");
  expect_refused(pictures, 1, {"train-images-idx3-ubyte"});
  const std::string nothing{0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 5};
  write(images, nothing);
  expect_refused(pictures, 1, {"train-images-idx3-ubyte"});
}

TEST(CliErrors, ValuesTheLikelihoodCannotTakeAreRefused) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::string rows = "a,b\n";  // enough for a tenth of them to be an example
  for (int i = 0; i < 12; ++i) rows += "0.5,0.25\n";
  expect_refused(write(folder / "nan.csv", rows + "nan,0.5\n").string(), 1, {"nan.csv"},
                 {"--set", "data.missing=error"});
  expect_refused(write(folder / "wide.csv", rows + "3.5,0.5\n").string(), 1,
                 {"wide.csv", "3.5", "bernoulli"});
  expect_refused(write(folder / "empty.csv", "a,b\n").string(), 1, {"empty.csv"});
  expect_refused(write(folder / "ragged.csv", rows + "0.5\n").string(), 1, {"ragged.csv"});
  expect_refused("gaussian2d", 1, {"gaussian2d", "bernoulli"});
}

TEST(CliErrors, UnwritablePlacesAreNamed) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto file = write(folder / "file", "in the way").string();
  expect_complaint(run_elbo(small_training({"latent-2d", "--epochs", "1", "--out", file + "/run"})), 1,
                   {file});
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{"file"});
  expect_complaint(run_elbo(small_training({"latent-2d", "--out", std::string(300, 'x')})), 1,
                   {"cannot use xxx", "too long"});
  expect_complaint(run_elbo(small_training({"latent-2d", "--epochs", "1", "--out", "/proc/no-run"})), 1,
                   {"/proc/no-run"});
}

TEST(CliErrors, AFullDiskLeavesNothingHalfWritten) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  CommandSettings full;
  full.file_size_limit = 20000;  // recipe.toml fits, a model does not
  const auto run = folder / "run";
  expect_complaint(
      run_elbo(small_training({"latent-2d", "--epochs", "1", "--out", run, "--set", "model.encoder=[4096]"}),
               full),
      1, {"safetensors", "large"});
  for (const auto& name : files_below(run)) {
    EXPECT_TRUE(name == "recipe.toml" || name == "metrics.jsonl") << name << " was left behind";
  }

  // An existing run stays whole if a picture or table cannot be written.
  ASSERT_EQ(run_elbo(small_training({"latent-2d", "--epochs", "1", "--out", folder / "good"})).code, 0);
  const auto before = io::read_file(folder / "good/samples.png");
  full.file_size_limit = 100;
  const auto dev = device().name();
  expect_complaint(run_elbo({"sample", folder / "good", "--device", dev}, full), 1, {"samples.png"});
  EXPECT_EQ(io::read_file(folder / "good/samples.png"), before);
  expect_complaint(
      run_elbo({"encode", folder / "good", "--out", folder / "codes.npy", "--device", dev}, full), 1,
      {"codes.npy"});
  EXPECT_FALSE(std::filesystem::exists(folder / "codes.npy"));
}

TEST(CliErrors, ResultsThatCannotBePrintedAreAFailure) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full on this machine";
  CommandSettings full;
  full.standard_output = "/dev/full";
  const auto result = run_elbo({"info"}, full);
  EXPECT_EQ(result.code, 1);
  EXPECT_SAYS(result.err, "elbo: ");
}

TEST(CliErrors, AReaderThatLeavesIsToldNothing) {
  CommandSettings left;
  left.nobody_reads = true;
  const auto result = run_elbo({"info"}, left);
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "");
}

TEST(CliErrors, CudaWithoutAGpuIsRefused) {
  const TempFolder folder;
  const auto result = run_elbo({"train", "latent-2d", "--device", "cuda:99", "--out", folder / "run"});
  expect_complaint(result, 1, {"cuda:99"});
  EXPECT_TRUE(files_below(folder.path()).empty());
}

TEST(CliErrors, ADamagedOrStrangeModelIsRefused) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "run").string(), dev = device().name();
  ASSERT_EQ(run_elbo(small_training({"latent-2d", "--epochs", "1", "--out", run})).code, 0);

  // Data of another width.
  expect_complaint(run_elbo({"eval", run, "--data", "uniform10", "--device", dev}), 1,
                   {"uniform10", "10", "2"});
  const auto codes = write(folder / "codes.csv", "a,b,c\n1,2,3\n4,5,6\n").string();
  expect_complaint(run_elbo({"decode", run, "--codes", codes, "--out", folder / "x.csv", "--device", dev}), 1,
                   {"codes.csv", "3", "2"});
  const auto holes = write(folder / "holes.csv", "z0,z1\n1,2\n3,nan\n").string();
  expect_complaint(run_elbo({"decode", run, "--codes", holes, "--out", folder / "x.csv", "--device", dev}), 1,
                   {"line 3", "holes.csv", "NaN"});
  EXPECT_FALSE(std::filesystem::exists(folder / "x.csv"));
  expect_complaint(run_elbo({"eval", run, "--split", "tset", "--device", dev}), 2, {"tset", "\"test\""});
  expect_complaint(run_elbo({"eval", run, "--split", "validation", "--device", dev}), 1, {"validation"});

  // A checkpoint of another shape.
  const auto recipe = io::read_file(run + "/recipe.toml");
  auto changed = Recipe::from_file(run + "/recipe.toml");
  changed.set("model.latent=3");
  write(run + "/recipe.toml", changed.to_toml());
  const auto checkpoint = io::read_file(run + "/checkpoint.safetensors");
  expect_complaint(run_elbo({"train", "--resume", "--out", run, "--epochs", "2", "--device", dev}), 2,
                   {"checkpoint.safetensors"});
  EXPECT_EQ(io::read_file(run + "/checkpoint.safetensors"), checkpoint);
  write(run + "/recipe.toml", recipe);

  // NaN.
  const auto model = io::read_file(run + "/model.safetensors");
  write(run + "/model.safetensors", model.substr(0, model.size() - 64) + std::string(64, '\xff'));
  for (const char* form : {"--json", "--nll-samples=2"}) {
    expect_complaint(run_elbo({"eval", run, form, "--device", dev}), 1, {"NaN", "test"});
  }

  // Damage.
  write(run + "/model.safetensors", model.substr(0, model.size() - 10));
  expect_complaint(run_elbo({"eval", run, "--device", dev}), 1, {"model.safetensors"});
  write(run + "/model.safetensors", "garbage");
  expect_complaint(run_elbo({"info", run}), 1, {"model.safetensors"});
  write(run + "/checkpoint.safetensors", checkpoint.substr(0, 100));
  expect_complaint(run_elbo({"train", "--resume", "--out", run, "--epochs", "2", "--device", dev}), 1,
                   {"checkpoint.safetensors"});
}

TEST(CliErrors, DivergenceNamesTheStepAndKeepsTheLastGoodCheckpoint) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  // With ten steps per epoch, it diverges before there is more to keep than the initial state.
  const auto early = run_elbo(small_training({"latent-2d", "--epochs", "3", "--batch", "100", "--set",
                                              "train.learning_rate=1e30", "--out", folder / "early"}));
  expect_complaint(early, 1, {"NaN", "step 2 ", "train.learning_rate", "The checkpoint of step 0 stays in"});
  for (const auto& name : files_below(folder / "early"))
    EXPECT_EQ(name.find(".part"), std::string::npos) << name;

  // Its folder has nothing that a second try could destroy.
  EXPECT_EQ(run_elbo(small_training({"latent-2d", "--epochs", "0", "--out", folder / "early"})).code, 0);

  // With one step per epoch, the first epoch's huge parameters are finite, and the second step's loss is not.
  const auto late = run_elbo(small_training({"latent-2d", "--epochs", "3", "--batch", "1000", "--set",
                                             "train.learning_rate=1e30", "--out", folder / "late"}));
  expect_complaint(late, 1, {"NaN", "step 2 ", "The checkpoint of step 1 stays in"});
  EXPECT_EQ(files_below(folder / "late"),
            (std::vector<std::string>{"checkpoint.safetensors", "last.safetensors", "metrics.jsonl",
                                      "model.safetensors", "recipe.toml"}));
  EXPECT_EQ(run_elbo({"info", folder / "late"}).code, 0);
}

}  // namespace
}  // namespace elbo::test
