#pragma once
// What the command prints, with control characters shown instead of obeyed.

#include <memory>
#include <ostream>
#include <streambuf>

namespace elbo::command {

/// During its lifetime, control characters on their way to a stream are written as \x1b, except tabs and ends
/// of lines: names from a stranger's file must not command the terminal.
class EscapedOutput {
 public:
  explicit EscapedOutput(std::ostream& stream);
  ~EscapedOutput();
  EscapedOutput(const EscapedOutput&) = delete;
  EscapedOutput& operator=(const EscapedOutput&) = delete;

 private:
  std::ostream& stream_;
  std::streambuf* own_;
  std::unique_ptr<std::streambuf> filter_;
};

}  // namespace elbo::command
