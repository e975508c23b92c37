#pragma once
// How wide lines may be.

#include <cstddef>

namespace elbo::command {

/// The characters in a line of a terminal that `descriptor` is open on, of which there are at least 2;
/// else 80.
std::size_t terminal_width(int descriptor);

/// The characters that a line of a table may have: COLUMNS of the environment, else the width of the terminal
/// on standard output, else 80; from 40 to 400.
std::size_t table_width();
/// Whether COLUMNS or a terminal says so.
bool has_table_width();

}  // namespace elbo::command
