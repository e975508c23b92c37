#include "train/run_folder.h"

#include "io/file.h"
#include "model/model_file.h"
#include "base/check.h"

namespace elbo {
namespace {

constexpr const char* kRecipe = "recipe.toml";
constexpr const char* kMetrics = "metrics.jsonl";
constexpr const char* kBest = "model.safetensors";
constexpr const char* kLast = "last.safetensors";
constexpr const char* kCheckpoint = "checkpoint.safetensors";

bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

void remove_old(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::remove(file, error);
  if (error) throw IoError(concat("cannot remove ", file.string(), " of an earlier run: ", error.message()));
}

}  // namespace

bool RunFolder::claim_checkpoint() {
  lock();
  if (is_there(checkpoint())) return true;
  if (is_there(folder_ / kBest) || is_there(folder_ / kLast)) {
    throw IoError(concat("cannot resume in ", folder_.string(),
                         ": it holds a model, but its checkpoint.safetensors is missing.\nPut that back, or "
                         "train without resuming, which replaces the model."));
  }
  if (is_there(folder_ / kRecipe)) return false;
  throw IoError(concat("nothing to resume in ", folder_.string(),
                       ": it has no checkpoint.safetensors. Train without resuming to begin a run there."));
}

void RunFolder::lock() {
  std::error_code ignored;
  if (!lock_ && std::filesystem::is_directory(folder_, ignored)) lock_.emplace(folder_);
}

void RunFolder::begin(const Recipe& recipe) {
  std::error_code told_by_the_first_file;
  std::filesystem::create_directories(folder_, told_by_the_first_file);
  lock();
  io::write_file(folder_ / kRecipe, recipe.to_toml());
  for (const char* name : {kCheckpoint, kLast, kBest}) remove_old(folder_ / name);
  io::remove_partial_files(folder_);
  metrics_.emplace(folder_ / kMetrics, 0);
}

void RunFolder::go_on(const Recipe& recipe, std::int64_t epochs) {
  io::write_file(folder_ / kRecipe, recipe.to_toml());
  io::remove_partial_files(folder_);
  metrics_.emplace(folder_ / kMetrics, epochs);
}

void RunFolder::save(const ModelState& model, const DataIdentity& data, const TrainingPosition& position,
                     const TrainingArrays& arrays, const std::vector<float>* best) {
  metrics_->sync();
  if (best) save_model(folder_ / kBest, model, *best);
  save_model(folder_ / kLast, model, arrays.model());
  save_checkpoint(checkpoint(), model, data, position, arrays);
}

}  // namespace elbo
