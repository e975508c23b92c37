#include "base/folder.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "base/check.h"

namespace elbo::data {

namespace fs = std::filesystem;

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

}  // namespace

std::vector<fs::path> list_folder(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> paths;
  const auto failed = [&error](int reason) { error.assign(reason, std::generic_category()); };
  error.clear();
  const std::unique_ptr<DIR, CloseFolder> opened(opendir(folder.c_str()));
  if (!opened) failed(errno);
  while (opened) {
    errno = 0;
    const dirent* entry = readdir(opened.get());
    if (!entry) {
      failed(errno);  // 0 at the end
      break;
    }
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") paths.push_back(folder / name);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<fs::path> list_folder(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> paths = list_folder(folder, error);
  if (error) throw IoError(concat("cannot read folder ", folder.string(), ": ", error.message()));
  return paths;
}

}  // namespace elbo::data
