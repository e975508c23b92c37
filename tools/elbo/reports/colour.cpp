#include "reports/colour.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace elbo::command {
namespace {

bool has_colours() {
  const char* const terminal = std::getenv("TERM");
  const char* const none = std::getenv("NO_COLOR");
  if (!terminal || std::string_view(terminal) == "dumb" || (none && *none)) return false;
  return isatty(STDERR_FILENO) == 1;
}

}  // namespace

void write_coloured(const char* word, TerminalColour colour) {
  if (has_colours()) {
    std::fprintf(stderr, "\033[%dm%s\033[0m", colour == TerminalColour::red ? 31 : 36, word);
  } else {
    std::fputs(word, stderr);
  }
}

}  // namespace elbo::command
