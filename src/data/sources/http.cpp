#include "data/sources/http.h"

#include "base/check.h"

#ifdef ELBO_HAS_CURL

#include <curl/curl.h>

#include <array>
#include <exception>
#include <memory>

namespace elbo::data {
namespace {

constexpr long kConnectSeconds = 20;
constexpr long kStalledSeconds = 60;  // give up after so long without a byte
constexpr long kMaxRedirections = 5;

struct Transfer {
  const HttpSink& sink;
  std::exception_ptr failure = nullptr;  // kept here, because exceptions must not pass through C
  std::int64_t received = 0;
  bool too_long = false;
};

std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.received += static_cast<std::int64_t>(count);
  transfer.too_long = transfer.received > transfer.sink.max_bytes;
  if (transfer.too_long) return 0;
  try {
    transfer.sink.write({bytes, count});
    return count;
  } catch (...) {
    transfer.failure = std::current_exception();
    return 0;
  }
}

int on_progress(void* user, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    return !transfer.sink.progress || transfer.sink.progress(now, total) ? 0 : 1;
  } catch (...) {
    transfer.failure = std::current_exception();
    return 1;
  }
}

void restrict_protocols(CURL* curl, bool secure) {
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
#else
  const long both = CURLPROTO_HTTP | CURLPROTO_HTTPS;
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, both);
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, secure ? static_cast<long>(CURLPROTO_HTTPS) : both);
#endif
}

}  // namespace

void http_get(const std::string& url, const HttpSink& sink) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), curl_easy_cleanup);
  if (initialised != CURLE_OK || !handle) throw IoError("libcurl cannot be initialised");
  CURL* curl = handle.get();
  Transfer transfer{sink};
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  restrict_protocols(curl, url.starts_with("https:"));
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMaxRedirections);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, sink.max_seconds);
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(sink.max_bytes));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStalledSeconds);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "elbo/" ELBO_VERSION);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  const CURLcode code = curl_easy_perform(curl);
  if (transfer.failure) std::rethrow_exception(transfer.failure);
  if (transfer.too_long || code == CURLE_FILESIZE_EXCEEDED) {
    throw TransferError(
        concat("cannot download ", url, ": the file has more than ", sink.max_bytes, " bytes"));
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) throw IoError(concat("the download of ", url, " was interrupted"));
  if (code != CURLE_OK) {
    throw TransferError(
        concat("cannot download ", url, ": ", reason[0] ? reason.data() : curl_easy_strerror(code)));
  }
}

}  // namespace elbo::data

#else

namespace elbo::data {

void http_get(const std::string& url, const HttpSink&) {
  throw IoError(
      concat("cannot download ", url, ": this build of elbo has no libcurl.\n",
             "Build it again with libcurl's development package, or download the file by other means."));
}

}  // namespace elbo::data

#endif
