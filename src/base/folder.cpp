#include "base/folder.h"

#include <algorithm>
#include <system_error>

#include "base/check.h"

namespace elbo::data {

namespace fs = std::filesystem;

std::vector<fs::path> list_folder(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  // increment() reports a folder that cannot be read to its end; ++ would throw an error of another type.
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) paths.push_back(entry->path());
  if (error) throw IoError(concat("cannot read folder ", folder.string(), ": ", error.message()));
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace elbo::data
