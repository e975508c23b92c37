// Made pictures as a folder of PNG files.

#include <algorithm>
#include <span>

#include "base/check.h"
#include "drawing/png.h"
#include "io/new_folder.h"
#include "reports/made_examples.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

class MadePictures final : public MadeFile {
 public:
  explicit MadePictures(const MadeForm& form) : form_(form), folder_(form.file) {}

  void append(const Made& made) override {
    const auto bytes = to_bytes(made.rows.values);
    const auto size = static_cast<std::size_t>(made.rows.cols);
    for (std::size_t i = 0; i < made.labels.size(); ++i) {
      const std::string file = concat(made.labels[i], "/", next_name());
      folder_.write(file, encode_png(std::span(bytes).subspan(i * size, size), form_.picture.width,
                                     form_.picture.height, form_.picture.channels));
      manifest_ += concat(table_field(file), ",", table_field(made.labels[i]), ",",
                          table_field(made.sources[i]), "\n");
    }
  }
  void commit() override {
    folder_.write(kManifest, manifest_);
    folder_.commit();
  }

 private:
  /// "made-00012.png", with as many digits as the last has.
  std::string next_name() {
    const std::string number = std::to_string(next_++), last = std::to_string(form_.count - 1);
    return concat("made-", std::string(last.size() - number.size(), '0'), number, ".png");
  }

  const MadeForm form_;
  io::NewFolder folder_;
  std::int64_t next_ = 0;
  std::string manifest_ = "file,label,made_from\n";
};

}  // namespace

std::unique_ptr<MadeFile> make_made_pictures(const MadeForm& form) {
  return std::make_unique<MadePictures>(form);
}

}  // namespace elbo::command
