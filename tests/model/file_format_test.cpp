// Files of every earlier format are read, and files of a later elbo are refused.

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "elbo/error.h"
#include "model/model_file.h"
#include "support/temp_folder.h"
#include "support/training.h"

namespace elbo::test {
namespace {

using Json = nlohmann::ordered_json;

/// Changes the metadata of a safetensors file, but no tensor.
void rewrite_metadata(const std::filesystem::path& file, const std::function<void(Json&)>& change) {
  const std::string bytes = io::read_file(file);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  Json header = Json::parse(bytes.substr(sizeof length, length));
  change(header.at("__metadata__"));
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t now = text.size();
  std::string prefix(sizeof now, '\0');
  std::memcpy(prefix.data(), &now, sizeof now);
  io::write_file(file, prefix + text + bytes.substr(sizeof length + length));
}

void set_format(const std::filesystem::path& file, const std::string& format) {
  rewrite_metadata(file, [&](Json& metadata) { metadata["elbo.format"] = format; });
}

/// Turns the file into format 1, before formats had numbers and recipes had a prior.
void downgrade_to_1(const std::filesystem::path& file) {
  rewrite_metadata(file, [](Json& metadata) {
    EXPECT_EQ(metadata.at("elbo.format"), "2");
    metadata.erase("elbo.format");
    std::istringstream lines(metadata.at("elbo.recipe").get<std::string>());
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("prior = ")) kept += line + "\n";
    }
    EXPECT_NE(kept, metadata.at("elbo.recipe").get<std::string>()) << "no prior was there";
    metadata["elbo.recipe"] = kept;
  });
}

/// The text with all of `from`, which is in it, replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  EXPECT_NE(text.find(from), std::string::npos) << from;
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// A recipe with the names that an earlier elbo had for keys and choices.
std::string with_former_names(std::string text) {
  const std::pair<const char*, const char*> names[] = {{"encode_mask = ", "see_mask = "},
                                                       {"ramp_fraction = ", "rising_share = "},
                                                       {"accumulation_steps = ", "accumulate = "},
                                                       {"= \"random\"", "= \"drawn\""},
                                                       {"= \"dynamic\"", "= \"resample\""}};
  for (const auto& [name, former] : names) text = replaced(text, name, former);
  return text;
}

void use_former_names(const std::filesystem::path& file) {
  rewrite_metadata(file, [](Json& metadata) {
    metadata["elbo.recipe"] = with_former_names(metadata.at("elbo.recipe").get<std::string>());
  });
}

/// Makes a run that was stopped in its second epoch.
void stop_run(const std::filesystem::path& run, const Recipe& recipe, const Dataset& data) {
  TrainOptions options = run_options(run);
  options.stop = [left = 5]() mutable { return left-- == 0; };
  ASSERT_TRUE(train_anew(recipe, data, options).interrupted);
}

void expect_refused(const std::function<void()>& call, const std::vector<std::string>& fragments) {
  try {
    call();
    ADD_FAILURE() << "was read";
  } catch (const DataError& error) {
    for (const auto& fragment : fragments) {
      EXPECT_NE(std::string(error.what()).find(fragment), std::string::npos) << error.what();
    }
  }
}

TEST(FileFormat, AModelOfTheFirstFormatIsRead) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto old = folder / "old.safetensors", again = folder / "again.safetensors";
  Model model = make_model(small_recipe(), patterned_data(24, 0));
  model.save(old);
  const std::string written = io::read_file(old);
  downgrade_to_1(old);
  ASSERT_FALSE(io::read_file(old) == written);
  Model read = Model::load(old, device());
  EXPECT_EQ(read.recipe().to_toml(), model.recipe().to_toml());
  const Table x = {1, 12, patterned_examples(1, 12, 3, false).floats};
  EXPECT_EQ(read.reconstruct(x).values, model.reconstruct(x).values);
  read.save(again);
  EXPECT_TRUE(io::read_file(again) == written) << "it was not upgraded";
}

TEST(FileFormat, ACheckpointOfTheFirstFormatIsResumed) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = patterned_data(27, 10);
  Recipe recipe = small_recipe();
  recipe.train.patience = 5;  // reads the best model, too
  train_into(folder / "whole", recipe, data);
  stop_run(folder / "run", recipe, data);
  for (const std::string& name : safetensors_of_a_run()) downgrade_to_1(folder / "run" / name);
  train_into(folder / "run", recipe, data, true);
  for (const char* name : {"last.safetensors", "checkpoint.safetensors"}) {
    EXPECT_TRUE(io::read_file(folder / "run" / name) == io::read_file(folder / "whole" / name)) << name;
  }
}

TEST(FileFormat, ARunWithFormerNamesIsReadAndResumed) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = patterned_data(27, 10, 12, false);
  const auto run = folder / "run";
  Recipe recipe = small_recipe();
  recipe.data.binarize = Binarize::dynamic;
  recipe.data.missing = MissingValues::mask;
  recipe.model.encode_mask = true;
  recipe.objective.ramp_fraction = 0.75;
  recipe.train.batch = 4;
  recipe.train.accumulation_steps = 2;
  train_into(folder / "whole", recipe, data);
  stop_run(run, recipe, data);
  for (const std::string& name : safetensors_of_a_run()) use_former_names(run / name);
  io::write_file(run / "recipe.toml", with_former_names(io::read_file(run / "recipe.toml")));
  EXPECT_EQ(Model::load(run, device()).recipe().to_toml(),
            Model::load(folder / "whole", device()).recipe().to_toml());
  train_into(run, recipe, data, true);
  for (const char* name : {"last.safetensors", "checkpoint.safetensors"}) {
    EXPECT_TRUE(io::read_file(run / name) == io::read_file(folder / "whole" / name)) << name;
  }
}

TEST(FileFormat, ALaterOneIsRefused) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = patterned_data(27, 10);
  const auto run = folder / "run";
  stop_run(run, small_recipe(), data);
  for (const std::string& name : safetensors_of_a_run()) set_format(run / name, "37");
  const auto load = [&] { Model::load(run, device()); };
  const auto resume = [&] { train_into(run, small_recipe(), data, true); };
  expect_refused(load, {"model.safetensors", "format 37", "later elbo", "up to 2"});
  expect_refused(resume, {"checkpoint.safetensors", "format 37", "later elbo", "up to 2"});
}

TEST(FileFormat, WhatIsNoNumberIsRefused) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const Dataset data = patterned_data(27, 10);
  const auto run = folder / "run";
  stop_run(run, small_recipe(), data);
  for (const char* format : {"", "two", "-1", "0", "2.0", "1 2", "99999999999999999999"}) {
    SCOPED_TRACE(format);
    for (const std::string& name : safetensors_of_a_run()) set_format(run / name, format);
    expect_refused([&] { Model::load(run, device()); }, {"model.safetensors", "elbo.format"});
    expect_refused([&] { train_into(run, small_recipe(), data, true); },
                   {"checkpoint.safetensors", "elbo.format"});
  }
}

}  // namespace
}  // namespace elbo::test
