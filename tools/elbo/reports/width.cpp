#include "reports/width.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace elbo::command {

std::size_t terminal_width(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return 80;
  return size.ws_col;
}

namespace {

/// COLUMNS of the environment; 0 if it is no positive number.
std::size_t columns_given() {
  const char* given = std::getenv("COLUMNS");
  const std::string_view text = given ? given : "";
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), columns);
  return error == std::errc() && end == text.data() + text.size() ? columns : 0;
}

}  // namespace

std::size_t table_width() {
  constexpr std::size_t kMin = 40, kMax = 400;
  const std::size_t given = columns_given();
  return std::clamp(given > 0 ? given : terminal_width(STDOUT_FILENO), kMin, kMax);
}

bool has_table_width() {
  return columns_given() > 0 || isatty(STDOUT_FILENO) != 0;
}

}  // namespace elbo::command
