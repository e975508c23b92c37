#include "train/metrics.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "io/file.h"
#include "io/json.h"
#include "base/check.h"
#include "base/text.h"

namespace elbo {
namespace {

constexpr std::size_t kMaxDepth = 16;

std::string terms_object(const ElboTerms& terms, const std::string& more = {}) {
  return concat("{\"elbo\":", io::json_number(terms.elbo),
                ",\"reconstruction\":", io::json_number(terms.reconstruction),
                ",\"kl\":", io::json_number(terms.kl), more, "}");
}

/// The epoch of a line; 0 if it is not a line of this format.
std::int64_t epoch_of(std::string_view line) {
  std::int64_t epoch = 0;
  const bool is_object = io::read_json(line, kMaxDepth, [&](const io::JsonPath& path, io::JsonValue& value) {
    if (path.empty()) return value.kind == io::JsonValue::Kind::object;
    if (path.size() == 1 && path[0].key == "epoch") epoch = value.whole;
    return true;
  });
  return is_object ? epoch : 0;
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
  std::string text = concat("{\"epoch\":", metrics.epoch, ",\"steps\":", metrics.steps,
                            ",\"seconds\":", io::json_number(metrics.seconds),
                            ",\"examples_per_second\":", io::json_number(metrics.examples_per_second),
                            ",\"train\":", terms_object(metrics.train),
                            ",\"objective\":", io::json_number(metrics.objective));
  if (metrics.skipped_steps) text += concat(",\"skipped_steps\":", *metrics.skipped_steps);
  if (metrics.validation) {
    std::string more;
    if (metrics.validation_objective)
      more += concat(",\"objective\":", io::json_number(*metrics.validation_objective));
    if (metrics.validation_accuracy)
      more += concat(",\"accuracy\":", io::json_number(*metrics.validation_accuracy));
    text += concat(",\"validation\":", terms_object(*metrics.validation, more));
  }
  return text + "}";
}

MetricsFile::MetricsFile(std::filesystem::path file, std::int64_t last_epoch) : file_(std::move(file)) {
  std::error_code ignored;
  std::string kept;
  if (std::filesystem::exists(file_, ignored)) {
    const std::string text = io::read_file(file_, io::kMaxMetricsBytes);
    for (const std::string_view line : data::pieces(text, '\n')) {
      const std::int64_t epoch = epoch_of(line);
      if (epoch >= 1 && epoch <= last_epoch) kept += concat(line, "\n");
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
