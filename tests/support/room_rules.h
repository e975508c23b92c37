#pragma once
// The rooms of HACKING.md, checked on source text: the includes that each may have, and the calls that are
// allowed in one place only.

#include <map>
#include <string>
#include <vector>

namespace elbo::test {

/// Path from the project's root → contents.
using SourceTree = std::map<std::string, std::string>;

struct Violation {
  std::string file;
  int line = 0;
  std::string what;  ///< the include or the word
  std::string rule;
};

/// The sources under include/, src/, kernels/, tools/, tests/ and bench/ of the project at `root`.
SourceTree read_sources(const std::string& root);

/// Includes that a room must not have.
std::vector<Violation> check_includes(const SourceTree& sources);

/// Words (calls, keywords) outside the only place that may have them.
std::vector<Violation> check_words(const SourceTree& sources);

/// Texts of the library that name a flag of the command.
std::vector<Violation> check_messages(const SourceTree& sources);

/// Ops whose contract header lacks its body, kernel, case, test or benchmark; kernels without a contract.
std::vector<Violation> check_ops(const SourceTree& sources);

/// "src/ops/a.cpp:3: `<cuda.h>`: rule", one a line.
std::string describe(const std::vector<Violation>& violations);

}  // namespace elbo::test
