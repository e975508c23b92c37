#pragma once
// Gets a file from a web server. Keeps libcurl behind one function.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "elbo/error.h"

namespace elbo::data {

/// The server was not reached, refused or broke off. Another server may work.
class TransferError : public IoError {
  using IoError::IoError;
};

struct HttpSink {
  std::function<void(std::string_view)> write;  ///< may throw; http_get rethrows the error
  /// Takes the bytes so far and in all (0 if unknown); true continues.
  std::function<bool(std::int64_t, std::int64_t)> progress;
  std::int64_t max_bytes = std::int64_t{1} << 40;  ///< a longer body is a failure
  long max_seconds = 3600;                         ///< and so is one that is not whole by then
};

/// Passes the body of `url` (http or https, redirections followed, but none from https to http) to the sink.
/// Throws TransferError on any failure, including a body that is too short, too long or too late, a minute
/// without a byte, and a status other than success; IoError if `progress` stopped it or the build has no
/// libcurl.
void http_get(const std::string& url, const HttpSink& sink);

}  // namespace elbo::data
