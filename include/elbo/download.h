#pragma once
// Fetching well-known data sets into the user's cache.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace elbo {

/// Where a download stands, for a progress line.
struct DownloadProgress {
  std::string file;
  int number = 0;  ///< of the file, counted from 1
  int files = 0;
  std::int64_t bytes = 0;  ///< of the file, so far
  std::int64_t total = 0;  ///< bytes of the file; 0 where the server has not said
};

struct DownloadOptions {
  std::function<void(const DownloadProgress&)> on_progress;
  std::function<bool()> stop;  ///< asked now and then; true ends the download with an IoError
};

struct DownloadResult {
  std::filesystem::path folder;  ///< that holds the data set
  int fetched = 0;               ///< files that had to be downloaded; 0 where all were there already
};

/// The data sets that can be downloaded.
std::vector<std::string> downloadable_datasets();

/// Downloads a data set from its public mirrors into $XDG_CACHE_HOME/elbo or ~/.cache/elbo, or from
/// $ELBO_MIRROR/<name>/ where that is set. Every file is compared with its published checksum before it gets
/// its name; files that are there already are kept, so that an interrupted download goes on. Where $ELBO_DATA
/// holds the data set, nothing is downloaded. Throws ConfigError for a name that cannot be downloaded,
/// DataError for a wrong checksum, IoError where the server or the file system fails or the build has no
/// libcurl.
DownloadResult download_dataset(std::string_view name, const DownloadOptions& options = {});

}  // namespace elbo
