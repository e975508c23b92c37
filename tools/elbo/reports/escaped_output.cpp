#include "reports/escaped_output.h"

#include <string>

#include "base/text.h"

namespace elbo::command {
namespace {

class Filter final : public std::streambuf {
 public:
  explicit Filter(std::streambuf& to) : to_(to) {}

 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    const std::string safe = data::escaped({text, static_cast<std::size_t>(size)}, "\n\t");
    const auto length = static_cast<std::streamsize>(safe.size());
    return to_.sputn(safe.data(), length) == length ? size : 0;
  }
  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
    const char c = traits_type::to_char_type(character);
    return xsputn(&c, 1) == 1 ? character : traits_type::eof();
  }
  int sync() override { return to_.pubsync(); }

 private:
  std::streambuf& to_;
};

}  // namespace

EscapedOutput::EscapedOutput(std::ostream& stream)
    : stream_(stream), own_(stream.rdbuf()), filter_(std::make_unique<Filter>(*own_)) {
  stream.rdbuf(filter_.get());
}

EscapedOutput::~EscapedOutput() {
  const auto state = stream_.rdstate();
  stream_.rdbuf(own_);  // forgets failures
  stream_.clear(state);
}

}  // namespace elbo::command
