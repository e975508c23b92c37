#include "commands/old_run.h"

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/folder.h"
#include "commands/train_job.h"

namespace elbo::command {
namespace {

namespace fs = std::filesystem;

/// What commands write into a run's folder unless they are told another place.
constexpr const char* kResults[] = {
    "samples.png", "samples.csv",     "reconstructions.png", "reconstructions.csv",
    "walk.png",    "manifold.png",    "latent.png",          "edit.png",
    "edit.csv",    "curves.png",      "metrics.csv",         "anomalies.png",
    "imputed.npy", "imputed-low.npy", "imputed-high.npy",    "imputed-probability.npy",
    "imputed.csv", "imputed-low.csv", "imputed-high.csv",    "imputed-probability.csv",
    "result.json", "held-out.npy",    "repeat.json",         "select.json",
    "select.png"};
constexpr const char* kModel[] = {"checkpoint.safetensors", "model.safetensors", "last.safetensors",
                                  "metrics.jsonl"};

template <std::size_t n>
void remove_all(const fs::path& folder, const char* const (&names)[n]) {
  std::error_code ignored;
  for (const char* name : names) fs::remove(folder / name, ignored);
}

bool holds_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "recipe.toml", ignored);
}

/// The folders (not links) in a folder with numbered names, such as "seed-3" for "seed-".
std::vector<fs::path> numbered(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const fs::path& entry : data::list_folder(folder, ignored)) {
    const std::string name = entry.filename().string();
    if (name.starts_with(prefix) && name.size() > prefix.size() &&
        name.find_first_not_of("0123456789", prefix.size()) == std::string::npos &&
        !fs::is_symlink(entry, ignored) && fs::is_directory(entry, ignored)) {
      found.push_back(entry);
    }
  }
  return found;
}

/// Removes a training by one seed, with its folder if nothing else is in it.
void forget_seed(const fs::path& folder) {
  std::error_code ignored;
  forget_run(folder);
  fs::remove(folder / "recipe.toml", ignored);
  fs::remove(folder, ignored);
}

}  // namespace

void forget_results(const fs::path& folder) {
  if (!holds_run(folder)) return;
  std::error_code ignored;
  remove_all(folder, kResults);
  if (!fs::exists(folder / kSeveralMark, ignored)) return;
  for (const fs::path& seed : numbered(folder, "seed-")) forget_seed(seed);
  for (const fs::path& size : numbered(folder, "latent-")) {
    for (const fs::path& seed : numbered(size, "seed-")) forget_seed(seed);
    fs::remove(size, ignored);
  }
  fs::remove(folder / kSeveralMark, ignored);
}

void forget_run(const fs::path& folder) {
  if (!holds_run(folder)) return;
  forget_results(folder);
  remove_all(folder, kModel);
}

}  // namespace elbo::command
