#pragma once
// Fetching well-known data sets into the user's cache.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elbo/export.h"

namespace elbo {

/// Where a download stands, for a progress line.
struct DownloadProgress {
  std::string file;
  int number = 0;  ///< the file's number, counted from 1
  int files = 0;
  std::int64_t bytes = 0;             ///< bytes of the file received so far
  std::optional<std::int64_t> total;  ///< bytes of the file, if the server has said
};

struct DownloadOptions {
  std::function<void(const DownloadProgress&)> on_progress;
  std::function<bool()> stop;  ///< called now and then; true ends the download with an IoError
};

struct DownloadResult {
  std::filesystem::path folder;  ///< the folder that holds the data set
  int fetched = 0;               ///< files that were downloaded; 0 if all were present already
};

/// The data sets that can be downloaded.
ELBO_API std::vector<std::string> downloadable_datasets();

/// Downloads a data set from its public mirrors into $XDG_CACHE_HOME/elbo or ~/.cache/elbo, or from
/// $ELBO_MIRROR/<name>/ if that is set. Every file is compared with its published checksum before it gets its
/// name. Files that are present already are kept, so that an interrupted download continues. If $ELBO_DATA
/// holds the data set, nothing is downloaded. Throws ConfigError for a name that cannot be downloaded,
/// DataError for a wrong checksum, IoError if the server or the file system fails or the build has no
/// libcurl.
ELBO_API DownloadResult download_dataset(std::string_view name, const DownloadOptions& options = {});

}  // namespace elbo
