#pragma once
// The files that download_dataset (elbo/download.h) fetches, and their mirrors.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/download.h"

namespace elbo::data {

/// A file that is the same on every mirror.
struct RemoteFile {
  std::string name;
  std::int64_t bytes = 0;
  std::string sha256;
};

/// A data set's files, in the order they are fetched, and its mirrors' folders (URLs that end in /),
/// those by https first.
struct Manifest {
  std::string name;
  std::vector<std::string> mirrors;
  std::vector<RemoteFile> files;
};

/// The manifests of all downloadable data sets.
std::span<const Manifest> manifests();

/// Fetches the manifest's files into `folder`, each from the first mirror that serves it intact. Throws like
/// download_dataset, with the last mirror's error. If a file cannot be written, no other mirror is tried.
DownloadResult download(const Manifest& manifest, const std::filesystem::path& folder,
                        const DownloadOptions& options);

}  // namespace elbo::data
