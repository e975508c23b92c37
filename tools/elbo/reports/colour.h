#pragma once
// Colours on terminals that have them.

namespace elbo::command {

enum class TerminalColour { red, cyan };

/// Writes a word to standard error, in a colour if that is a terminal with colours: TERM is set and not
/// "dumb", and NO_COLOR is not set (https://no-color.org).
void write_coloured(const char* word, TerminalColour colour);

}  // namespace elbo::command
