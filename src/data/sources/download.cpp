#include "data/sources/download.h"

#include <algorithm>
#include <cstdlib>

#include "data/sources/http.h"
#include "data/sources/known.h"
#include "io/file.h"
#include "base/nearest.h"
#include "base/check.h"
#include "base/sha256.h"

namespace elbo {
namespace data {
namespace {

namespace fs = std::filesystem;

struct Sum {
  std::int64_t bytes;
  const char* sha256;
};

/// The four files of MNIST and of the data sets modelled on it. The training pictures come last, because a
/// folder counts as the data set once it holds them.
std::vector<RemoteFile> four_files(Sum test_images, Sum test_labels, Sum train_labels, Sum train_images) {
  return {{"t10k-images-idx3-ubyte.gz", test_images.bytes, test_images.sha256},
          {"t10k-labels-idx1-ubyte.gz", test_labels.bytes, test_labels.sha256},
          {"train-labels-idx1-ubyte.gz", train_labels.bytes, train_labels.sha256},
          {"train-images-idx3-ubyte.gz", train_images.bytes, train_images.sha256}};
}

class ChecksumError : public DataError {
  using DataError::DataError;
};

/// Whether the file is there and intact. Throws IoError if it exists but cannot be read.
bool is_present(const fs::path& file, const RemoteFile& remote) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;
  if (fs::file_size(file, error) != static_cast<std::uintmax_t>(remote.bytes)) return false;
  Sha256 found;
  found.update(io::read_file(file));
  return found.finish() == remote.sha256;
}

void fetch(const std::string& url, const fs::path& file, const RemoteFile& remote, DownloadProgress progress,
           const DownloadOptions& options) {
  io::AtomicFile out(file);
  Sha256 found;
  HttpSink sink;
  sink.max_bytes = remote.bytes;
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
  if (const auto sum = found.finish(); sum != remote.sha256) {
    throw ChecksumError(concat(url, ": its SHA-256 is ", sum, ", but the data set's is ", remote.sha256,
                               ".\nNothing was kept; try again, or set ELBO_MIRROR to another server."));
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

// Sizes and SHA-256 as TensorFlow Datasets lists them (tensorflow_datasets/url_checksums); the publishers
// give MD5 alone, which does not tell a forged file.
std::span<const Manifest> manifests() {
  static const std::vector<Manifest> kManifests = {
      {"mnist",
       {"https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/"},
       four_files({1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
                  {4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
                  {28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
                  {9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"})},
      {"fashion-mnist",
       {"https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"},
       four_files({4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
                  {5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
                  {29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
                  {26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"})},
      {"kmnist",
       {"https://codh.rois.ac.jp/kmnist/dataset/kmnist/", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"},
       four_files({3041136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"},
                  {5120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"},
                  {29497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"},
                  {18165135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"})},
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
