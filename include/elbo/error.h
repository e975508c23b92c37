#pragma once
// Everything elbo throws. The library never prints, exits or aborts.

#include <stdexcept>
#include <string>

#include "elbo/export.h"

namespace elbo {

/// Base of every exception elbo throws. what() tells a user what is wrong, where, and what to do, in one to
/// three lines.
class ELBO_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

/// Shapes handed to an op or to the API do not fit together. A mistake in the calling program.
class ELBO_API ShapeError : public Error {
  using Error::Error;
};

/// The device asked for is not present, a call to its driver or libraries failed, or its memory does not
/// suffice.
class ELBO_API DeviceError : public Error {
  using Error::Error;
};

/// The host's memory does not suffice.
class ELBO_API OutOfMemoryError : public Error {
  using Error::Error;
};

/// Data cannot be used: a truncated or malformed file, NaN, values outside the likelihood's support.
class ELBO_API DataError : public Error {
  using Error::Error;
};

/// A recipe or an option is wrong: unknown key, bad value, settings that contradict each other.
class ELBO_API ConfigError : public Error {
  using Error::Error;
};

/// The file system refused: not found, not writable, full.
class ELBO_API IoError : public Error {
  using Error::Error;
};

/// The loss became NaN or infinite while training.
class ELBO_API DivergedError : public Error {
 public:
  DivergedError(const std::string& message, long long step) : Error(message), step_(step) {}
  /// The optimizer step, counted from 1, at which this was noticed.
  long long step() const noexcept { return step_; }

 private:
  long long step_;
};

}  // namespace elbo
