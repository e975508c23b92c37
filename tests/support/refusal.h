#pragma once
// What a call says that it refuses.

#include <string>

namespace elbo::test {

/// The message of the failure that a call throws, or "nothing".
template <class Failure, class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Failure& error) {
    return error.what();
  }
  return "nothing";
}

}  // namespace elbo::test
