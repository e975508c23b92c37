#include "data/sources/download.h"

#include <algorithm>
#include <cstdlib>

#include "data/sources/http.h"
#include "data/sources/known.h"
#include "data/md5.h"
#include "io/file.h"
#include "base/nearest.h"
#include "base/check.h"

namespace elbo {
namespace data {
namespace {

namespace fs = std::filesystem;

/// The four files of MNIST and of the data sets modelled on it. The training pictures come last, because a
/// folder counts as the data set once it holds them.
std::vector<RemoteFile> four_files(const char* test_images, const char* test_labels, const char* train_labels,
                                   const char* train_images) {
  return {{"t10k-images-idx3-ubyte.gz", test_images},
          {"t10k-labels-idx1-ubyte.gz", test_labels},
          {"train-labels-idx1-ubyte.gz", train_labels},
          {"train-images-idx3-ubyte.gz", train_images}};
}

class ChecksumError : public DataError {
  using DataError::DataError;
};

/// Whether the file is there and intact. Throws IoError if it exists but cannot be read.
bool is_present(const fs::path& file, const RemoteFile& remote) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;
  if (fs::file_size(file, error) > static_cast<std::uintmax_t>(remote.max_bytes)) return false;
  Md5 found;
  found.update(io::read_file(file));
  return found.finish() == remote.md5;
}

void fetch(const std::string& url, const fs::path& file, const RemoteFile& remote, DownloadProgress progress,
           const DownloadOptions& options) {
  io::AtomicFile out(file);
  Md5 found;
  HttpSink sink;
  sink.max_bytes = remote.max_bytes;
  sink.write = [&](std::string_view bytes) {
    out.write(bytes);
    found.update(bytes);
  };
  sink.progress = [&](std::int64_t bytes, std::int64_t total) {
    progress.bytes = bytes;
    if (total > 0) progress.total = total;
    if (options.on_progress) options.on_progress(progress);
    return !(options.stop && options.stop());
  };
  http_get(url, sink);
  if (const auto md5 = found.finish(); md5 != remote.md5) {
    throw ChecksumError(
        concat(url, ": its MD5 is ", md5, ", but ", remote.md5,
               " was published.\nNothing was kept; try again, or set ELBO_MIRROR to another server."));
  }
  out.commit();
}

void fetch_from_any(const Manifest& manifest, const fs::path& file, const RemoteFile& remote,
                    const DownloadProgress& progress, const DownloadOptions& options) {
  for (std::size_t i = 0; i < manifest.mirrors.size(); ++i) {
    const bool last = i + 1 == manifest.mirrors.size();
    // Lets errors of writing pass: another server does not help if the disk is full or the folder not
    // writable.
    try {
      return fetch(manifest.mirrors[i] + remote.name, file, remote, progress, options);
    } catch (const TransferError&) {
      if (last || (options.stop && options.stop())) throw;
    } catch (const ChecksumError&) {
      if (last) throw;
    }
  }
}

}  // namespace

std::span<const Manifest> manifests() {
  static const std::vector<Manifest> kManifests = {
      {"mnist",
       {"https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/"},
       four_files("9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c",
                  "d53e105ee54ea40749a09fcbcd1e9432", "f68b3c2dcbeaaa9fbdd348bbdeb94873")},
      {"fashion-mnist",
       {"https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"},
       four_files("bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310",
                  "25c81989df183df01b3e8a0aad5dffbe", "8d4fb7e6c68d591d4c3dfef9ec88bf0d")},
      {"kmnist",
       {"https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"},
       four_files("5c965bf0a639b31b8f53240b1b52f4d7", "7320c461ea6c1c855c0b718fb2a4b134",
                  "e144d726b3acfaa3e44228e80efcd344", "bdb82020997e1d708af4cf47b453dcf7")},
  };
  return kManifests;
}

DownloadResult download(const Manifest& manifest, const fs::path& folder, const DownloadOptions& options) {
  DownloadResult result{folder, 0};
  DownloadProgress progress;
  progress.files = static_cast<int>(manifest.files.size());
  for (const auto& remote : manifest.files) {
    ++progress.number;
    progress.file = remote.name;
    if (is_present(folder / remote.name, remote)) continue;
    fetch_from_any(manifest, folder / remote.name, remote, progress, options);
    ++result.fetched;
  }
  return result;
}

}  // namespace data

std::vector<std::string> downloadable_datasets() {
  return data::known_names(data::Origin::downloaded);
}

DownloadResult download_dataset(std::string_view name, const DownloadOptions& options) {
  const auto all = data::manifests();
  const auto found =
      std::find_if(all.begin(), all.end(), [name](const auto& manifest) { return manifest.name == name; });
  if (found == all.end()) {
    const auto* known = data::find_known(name);
    if (known && known->origin == data::Origin::built_in) {
      throw ConfigError(concat("\"", name, "\" is built in and needs no download"));
    }
    throw ConfigError(
        concat("cannot download \"", name, "\"; ", nearest_hint(name, downloadable_datasets())));
  }
  const auto cache = data::cache_folder() / found->name;
  if (const auto where = data::locate(name); !where.empty() && where != cache) return {where, 0};
  data::Manifest manifest = *found;
  if (const char* mirror = std::getenv("ELBO_MIRROR"); mirror && *mirror) {
    manifest.mirrors = {concat(mirror, "/", name, "/")};
  }
  return data::download(manifest, cache, options);
}

}  // namespace elbo
