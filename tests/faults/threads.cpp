// A program for the thread sanitizer (preset `tsan`), and for valgrind with `brief`: trainings one by one and
// two at once, and one const model in several threads. Exit code 0: all results are those of one thread
// alone.
//   threads FOLDER [brief|race]    race: what the sanitizer must find, two threads that change one model

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "elbo/elbo.h"

namespace {

namespace fs = std::filesystem;
using Settings = std::vector<std::string>;

/// Parts whose ops share their work in different ways.
const std::vector<Settings> kParts = {
    {},
    {"objective.kind=iwae", "objective.samples=4", "train.clip_norm=1.0"},
    {"model.prior=mixture", "model.components=16", "train.precision=bf16", "train.ema=0.9"},
    {"model.prior=vamp", "model.components=64", "train.normalize_gradient=true"},
    {"model.encoder=[\"conv 8 s2\", \"norm batch\", \"residual 8\", \"gated conv 8\", 300]",
     "model.decoder=[\"gated 200\", 1568, \"norm layer\", \"dropout 0.1\", \"reshape 14x14x8\", \"deconv 4 "
     "k4 s2\"]"},
    {"model.likelihood=gaussian-learned", "data.standardize=true", "data.missing=mask",
     "train.optimizer=adamax"},
    {"model.likelihood=gaussian-shared", "train.accumulation_steps=2"},
    {"model.kind=autoencoder", "model.likelihood=gaussian", "objective.corruption=gaussian",
     "objective.corruption_amount=0.2"},
};

struct Sizes {
  std::int64_t examples = 300;
  int side = 28;
};

elbo::Dataset pictures(const Sizes& sizes) {
  const std::int64_t dims = sizes.side * sizes.side;
  std::vector<std::uint8_t> values;
  for (std::int64_t i = 0; i < sizes.examples * dims; ++i)
    values.push_back(static_cast<std::uint8_t>(i * i % 251));
  elbo::Dataset data = elbo::Dataset::from_bytes(std::move(values), dims, {sizes.side, sizes.side, 1});
  elbo::hold_out(data, 0.2, 0.0, 1);
  return data;
}

elbo::Recipe recipe_of(const Settings& settings) {
  elbo::Recipe recipe;
  recipe.set("model.encoder=[300]");
  recipe.set("model.decoder=[300]");
  recipe.set("model.latent=8");
  recipe.set("train.epochs=2");
  recipe.set("train.batch=64");
  for (const std::string& setting : settings) recipe.set(setting);
  return recipe;
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Trains into a folder, and returns the model file's bytes.
std::string trained(const Settings& settings, const elbo::Dataset& data, const fs::path& folder) {
  elbo::Model model(recipe_of(settings), data.dims(), elbo::Device::cpu(), data.picture);
  elbo::TrainOptions options;
  options.folder = folder;
  options.saving_share = 1.0;
  elbo::train(model, data, options);
  return bytes_of(folder / "model.safetensors");
}

bool complain(const std::string& what) {
  std::fprintf(stderr, "threads: %s\n", what.c_str());
  return false;
}

/// Trains models of every kind.
bool one_by_one(const elbo::Dataset& data, const fs::path& folder) {
  for (std::size_t i = 0; i < kParts.size(); ++i) {
    if (trained(kParts[i], data, folder / ("part-" + std::to_string(i))).empty())
      return complain("no model of part " + std::to_string(i));
  }
  return true;
}

bool two_at_once(const elbo::Dataset& data, const fs::path& folder) {
  const std::string alone = trained(kParts[0], data, folder / "alone");
  std::string first, second, other;
  std::thread one([&] { first = trained(kParts[0], data, folder / "first"); });
  std::thread two([&] { second = trained(kParts[0], data, folder / "second"); });
  std::thread three([&] { other = trained(kParts[1], data, folder / "other"); });
  for (std::thread* thread : {&one, &two, &three}) thread->join();
  if (other.empty()) return complain("no model of the third thread");
  return (first == alone && second == alone) || complain("a model trained beside another is a different one");
}

/// What a program asks of a model, as numbers.
std::vector<float> answers(const elbo::Model& model, const elbo::Examples& examples) {
  std::vector<float> all = model.encode(examples).mean.values;
  const auto add = [&](const std::vector<float>& more) { all.insert(all.end(), more.begin(), more.end()); };
  add(model.reconstruct(examples).values);
  add(model.sample(20, 3).values);
  const elbo::Evaluation costs = model.evaluate(examples, 4);
  add({static_cast<float>(costs.terms.elbo), static_cast<float>(costs.nll->mean)});
  add({static_cast<float>(model.aggregate_posterior(examples).divergence)});
  return all;
}

bool one_const_model(const elbo::Dataset& data, const fs::path& folder) {
  const elbo::Model model = elbo::Model::load(folder / "part-0", elbo::Device::cpu());
  const std::vector<float> alone = answers(model, data.validation);
  std::vector<std::vector<float>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = answers(model, data.validation); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) {
    if (result != alone) return complain("a model used from several threads answers otherwise");
  }
  return true;
}

/// A tiny training and its use, for a slow machine.
bool briefly(const fs::path& folder) {
  const elbo::Dataset data = pictures({.examples = 20, .side = 6});
  Settings settings = {"model.encoder=[12]", "model.decoder=[12]", "model.latent=3", "train.batch=8"};
  for (const auto& more : {Settings{}, kParts[1], kParts[2], kParts[5]}) {
    Settings all = more;
    all.insert(all.end(), settings.begin(), settings.end());
    if (trained(all, data, folder / "part-0").empty()) return complain("no model");
    const elbo::Model model = elbo::Model::load(folder / "part-0", elbo::Device::cpu());
    for (const float value : answers(model, data.validation)) {
      if (!std::isfinite(value)) return complain("an answer is not finite");
    }
  }
  return true;
}

void race() {
  elbo::Model model(recipe_of({}), 36, elbo::Device::cpu());
  const auto change = [&] {
    for (int i = 0; i < 1000; ++i) model.set_precision(elbo::Precision::fp32);
  };
  std::thread one(change), two(change);
  one.join();
  two.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const fs::path folder = argv[1];
  const std::string what = argc > 2 ? argv[2] : "";
  try {
    if (what == "brief") return briefly(folder) ? 0 : 1;
    if (what == "race") return race(), 0;
    const elbo::Dataset data = pictures({});
    const bool good = one_by_one(data, folder) && two_at_once(data, folder) && one_const_model(data, folder);
    return good ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "threads: %s\n", error.what());
    return 1;
  }
}
