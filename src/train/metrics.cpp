#include "train/metrics.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "io/file.h"
#include "base/check.h"

namespace elbo {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const ElboTerms& terms) {
  return {{"elbo", terms.elbo}, {"reconstruction", terms.reconstruction}, {"kl", terms.kl}};
}

/// The epoch of a line; 0 if it is not a line of this format.
std::int64_t epoch_of(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("epoch") || !json["epoch"].is_number_integer()) return 0;
  return json["epoch"].get<std::int64_t>();
}

/// A file open for appending.
class AppendedFile {
 public:
  explicit AppendedFile(const std::filesystem::path& file)
      : file_(file), descriptor_(open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail();
  }
  ~AppendedFile() { close(descriptor_); }
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  void append(const std::string& text) {
    const off_t before = lseek(descriptor_, 0, SEEK_END);
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t written = write(descriptor_, text.data() + done, text.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) take_back(before);
      done += static_cast<std::size_t>(written);
    }
  }
  void sync() {
    if (fsync(descriptor_) != 0) fail();
  }

 private:
  [[noreturn]] void take_back(off_t size) {
    const int reason = errno;
    (void)!ftruncate(descriptor_, size);
    errno = reason;
    fail();
  }
  [[noreturn]] void fail() const {
    throw IoError(concat("cannot write ", file_.string(), ": ", std::strerror(errno)));
  }

  const std::filesystem::path& file_;
  int descriptor_;
};

}  // namespace

std::string to_json(const EpochMetrics& metrics) {
  Json json = {{"epoch", metrics.epoch},          {"steps", metrics.steps},
               {"seconds", metrics.seconds},      {"examples_per_second", metrics.examples_per_second},
               {"train", to_json(metrics.train)}, {"objective", metrics.objective}};
  if (metrics.skipped_steps) json["skipped_steps"] = *metrics.skipped_steps;
  if (metrics.validation) json["validation"] = to_json(*metrics.validation);
  if (metrics.validation_objective) json["validation"]["objective"] = *metrics.validation_objective;
  return json.dump();
}

MetricsFile::MetricsFile(std::filesystem::path file, std::int64_t last_epoch) : file_(std::move(file)) {
  std::error_code ignored;
  std::string kept;
  if (std::filesystem::exists(file_, ignored)) {
    const std::string text = io::read_file(file_);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const std::int64_t epoch = epoch_of(line);
      if (epoch >= 1 && epoch <= last_epoch) kept += line + "\n";
    }
    if (kept == text) return;
  }
  io::write_file(file_, kept);
}

void MetricsFile::append(const EpochMetrics& metrics) {
  AppendedFile(file_).append(to_json(metrics) + "\n");
}

void MetricsFile::sync() {
  AppendedFile(file_).sync();
}

}  // namespace elbo
