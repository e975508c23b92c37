#pragma once
// Tables on standard output whose columns are as wide as what they hold.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace elbo::command {

using TableLine = std::vector<std::string>;

/// Prints lines with columns two blanks apart: the first `texts` are left-aligned, numbers right-aligned. On
/// a terminal too narrow for them, or by COLUMNS, the last `spare` columns are left out as far as needed,
/// then the texts after the first are shortened, to no less than 12 characters.
void print_columns(std::vector<TableLine> lines, std::size_t texts, std::size_t spare = 0);

/// Prints names, and beside each a text: in several lines where a terminal is too narrow, or COLUMNS says so.
/// Where less than half a line would be left for them, texts begin below their names.
void print_described(const std::vector<std::pair<std::string, std::string>>& names);

/// Text in lines that fit the terminal, or COLUMNS, all but the first indented. Without those it stays one
/// line.
std::string wrapped(const std::string& text, std::size_t indent = 0);

/// Text whose lines fit the terminal, or COLUMNS: words go on in further lines, below the text that follows a
/// gap of two blanks, as in "  --name  what it is"; where that is in the right half, the text gets lines of
/// its own. Without a width it stays as it is.
std::string fitted(const std::string& text);

}  // namespace elbo::command
