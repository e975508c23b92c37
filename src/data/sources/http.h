#pragma once
// Getting a file from a web server. libcurl behind one function.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "elbo/error.h"

namespace elbo::data {

/// The server was not reached, refused or broke off: another one may do.
class TransferError : public IoError {
  using IoError::IoError;
};

struct HttpSink {
  std::function<void(std::string_view)> write;  ///< may throw; the error comes out of http_get
  /// Bytes so far and altogether (0 where unknown); true goes on.
  std::function<bool(std::int64_t, std::int64_t)> progress;
};

/// Hands the body of `url` (http or https, redirections followed) to the sink. Throws TransferError on any
/// failure, a short body or a status other than success included; IoError if `progress` stopped it and
/// where the build has no libcurl.
void http_get(const std::string& url, const HttpSink& sink);

}  // namespace elbo::data
