#pragma once
// What download_dataset (elbo/download.h) fetches, and from where.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/download.h"

namespace elbo::data {

struct RemoteFile {
  std::string name;
  std::string md5;  ///< as published
};

/// The files of a data set, in the order they are fetched, and the folders (URLs ending in /) they are in.
struct Manifest {
  std::string name;
  std::vector<std::string> mirrors;
  std::vector<RemoteFile> files;
};

/// The data sets that are known.
std::span<const Manifest> manifests();

/// Fetches the manifest's files into `folder`, each from the first mirror that has it right. Throws as
/// download_dataset does, with the last mirror's error; where the file cannot be written no other mirror is
/// asked.
DownloadResult download(const Manifest& manifest, const std::filesystem::path& folder,
                        const DownloadOptions& options);

}  // namespace elbo::data
