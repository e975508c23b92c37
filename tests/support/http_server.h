#pragma once
// A web server on 127.0.0.1 for tests of downloads, which can misbehave.

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace elbo::test {

class HttpServer {
 public:
  /// The server's complete answers by path ("/a/b"): status line, headers and body. Other paths get a 404.
  /// With `holds`, connections stay open as long as the server, so that the rest of a body shorter than
  /// declared never arrives.
  explicit HttpServer(std::map<std::string, std::string> answers, bool holds = false);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://127.0.0.1:port".
  std::string url() const;
  /// The number of requests so far.
  int requests() const { return requests_; }

  /// A well-formed answer; `declared` is the declared length, or the body's own if negative.
  static std::string ok(const std::string& body, long declared = -1);
  static std::string redirect(const std::string& path);

 private:
  void serve();
  void answer(int connection);

  std::map<std::string, std::string> answers_;
  bool holds_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

}  // namespace elbo::test
