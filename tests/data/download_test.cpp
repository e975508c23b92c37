// Downloads from the test's own server.

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "data/sources/download.h"
#include "data/sources/http.h"
#include "data/sources/known.h"
#include "base/sha256.h"
#include "elbo/dataset.h"
#include "support/data.h"
#include "support/http_server.h"

namespace elbo {
namespace {

using test::Environment;
using test::expect_error;
using test::HttpServer;
using test::TempFolder;
using test::write;

#ifdef ELBO_HAS_CURL
/// Limits files to `bytes` until the end of the scope, as on a full disk.
class SmallestFiles {
 public:
  explicit SmallestFiles(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit small{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallestFiles() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallestFiles(const SmallestFiles&) = delete;
  SmallestFiles& operator=(const SmallestFiles&) = delete;

 private:
  rlimit old_{};
  void (*handler_)(int);
};
#endif

data::RemoteFile remote(std::string name, std::string_view bytes) {
  Sha256 sum;
  sum.update(bytes);
  return {std::move(name), std::ssize(bytes), sum.finish()};
}

TEST(DataDownload, AFolderThatCannotBeReadHidesNoOtherDataSet) {
  const TempFolder cache;
  const Environment data("ELBO_DATA", std::nullopt);
  const Environment xdg("XDG_CACHE_HOME", cache.path().string());
  write(cache / "elbo/kmnist/train-images-idx3-ubyte", "");
  const auto closed = cache / "elbo/mnist";
  std::filesystem::create_directory(closed);
  chmod(closed.c_str(), 0);
  chmod(cache.path().c_str(), 0755);
  const bool root = geteuid() == 0;  // root may read everything
  ASSERT_EQ(root ? seteuid(65534) : 0, 0);
  EXPECT_NO_THROW({
    for (const auto& set : known_datasets()) EXPECT_EQ(!set.where.empty(), set.name == "kmnist") << set.name;
  });
  expect_error<IoError>([] { load_dataset("mnist"); }, {"cannot read folder", "mnist"});
  ASSERT_EQ(root ? seteuid(0) : 0, 0);
  chmod(closed.c_str(), 0755);
}

TEST(DataDownload, EveryDownloadableSetHasAManifest) {
  std::set<std::string> names;
  for (const auto& manifest : data::manifests()) {
    names.insert(manifest.name);
    ASSERT_FALSE(manifest.mirrors.empty());
    EXPECT_TRUE(manifest.mirrors.front().starts_with("https:")) << manifest.name;
    for (const auto& mirror : manifest.mirrors)
      EXPECT_TRUE(mirror.starts_with("http") && mirror.ends_with('/'));
    for (const auto& file : manifest.files) {
      EXPECT_EQ(file.sha256.size(), 64u);
      EXPECT_GT(file.bytes, 0);
    }
    EXPECT_EQ(manifest.files.back().name, "train-images-idx3-ubyte.gz");
  }
  const auto known = downloadable_datasets();
  EXPECT_EQ(names, std::set<std::string>(known.begin(), known.end()));
}

TEST(DataDownload, NamesThatCannotBe) {
  expect_error<ConfigError>([] { download_dataset("minst"); }, {"\"minst\"", "did you mean \"mnist\"?"});
  expect_error<ConfigError>([] { download_dataset("digits"); }, {"\"digits\"", "built in"});
  expect_error<ConfigError>([] { download_dataset("frey"); }, {"\"frey\"", "known are: mnist"});
}

#ifndef ELBO_HAS_CURL

TEST(DataDownload, WithoutLibcurlSaysSo) {
  TempFolder cache;
  const Environment data("ELBO_DATA", std::nullopt);
  const Environment xdg("XDG_CACHE_HOME", cache.path().string());
  expect_error<IoError>([] { download_dataset("kmnist"); }, {"libcurl", "kmnist"});
  EXPECT_TRUE(std::filesystem::is_empty(cache / "elbo/kmnist"));
}

#else

/// Two small files, which a server offers under /set/.
class DataDownloads : public testing::Test {
 protected:
  data::Manifest manifest(const HttpServer& server) const {
    return {"set", {server.url() + "/set/"}, {remote("first", first_), remote("second", second_)}};
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    if (!std::filesystem::exists(folder_)) return names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  DownloadResult get(const data::Manifest& manifest) const { return data::download(manifest, folder_, {}); }

  const Environment direct_{"no_proxy", "127.0.0.1"};
  const std::string first_ = std::string(300000, 'a') + "end";
  const std::string second_ = "small";
  const TempFolder temporary_;
  const std::filesystem::path folder_ = temporary_ / "cache/set";
  using Names = std::vector<std::string>;
};

TEST_F(DataDownloads, FetchesAndChecksEveryFile) {
  const HttpServer server({{"/set/first", HttpServer::ok(first_)},
                           {"/set/second", HttpServer::redirect("/elsewhere")},
                           {"/elsewhere", HttpServer::ok(second_)}});
  std::vector<DownloadProgress> seen;
  DownloadOptions options;
  options.on_progress = [&](const DownloadProgress& progress) { seen.push_back(progress); };
  const auto result = data::download(manifest(server), folder_, options);
  EXPECT_EQ(result.fetched, 2);
  EXPECT_EQ(result.folder, folder_);
  EXPECT_EQ(files(), (Names{"first", "second"}));
  EXPECT_EQ(io::read_file(folder_ / "first"), first_);
  EXPECT_EQ(io::read_file(folder_ / "second"), second_);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front().file, "first");
  EXPECT_EQ(seen.front().files, 2);
  EXPECT_EQ(seen.back().number, 2);
  EXPECT_EQ(seen.back().bytes, 5);
}

TEST_F(DataDownloads, WhatIsThereIsKeptAndWhatIsWrongIsReplaced) {
  const HttpServer server({{"/set/first", HttpServer::ok(first_)}, {"/set/second", HttpServer::ok(second_)}});
  write(folder_ / "first", first_);
  write(folder_ / "second", "smell");
  EXPECT_EQ(get(manifest(server)).fetched, 1);
  EXPECT_EQ(server.requests(), 1);
  EXPECT_EQ(io::read_file(folder_ / "second"), second_);
  EXPECT_EQ(get(manifest(server)).fetched, 0);
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(DataDownloads, WrongChecksumLeavesNothing) {
  const HttpServer server({{"/set/first", HttpServer::ok(first_)}, {"/set/second", HttpServer::ok("force")}});
  expect_error<DataError>([&] { get(manifest(server)); }, {"/set/second", remote("", "force").sha256,
                                                           remote("", second_).sha256, "Nothing was kept"});
  EXPECT_EQ(files(), (Names{"first"}));
  write(folder_ / "second", "older");
  expect_error<DataError>([&] { get(manifest(server)); }, {"/set/second"});
  EXPECT_EQ(io::read_file(folder_ / "second"), "older");
}

TEST_F(DataDownloads, TruncatedBodyLeavesNothing) {
  const HttpServer server({{"/set/first", HttpServer::ok(first_.substr(0, 1000), 300003)}});
  expect_error<IoError>([&] { get(manifest(server)); }, {"/set/first", "cannot download"});
  EXPECT_EQ(files(), Names{});
}

TEST_F(DataDownloads, ABodyThatIsNotWholeInTimeIsAFailure) {
  const HttpServer server({{"/set/first", HttpServer::ok("begin", 300003)}}, /*holds=*/true);
  std::string got;
  data::HttpSink sink;
  sink.max_seconds = 1;
  sink.write = [&](std::string_view bytes) { got += bytes; };
  expect_error<data::TransferError>([&] { data::http_get(server.url() + "/set/first", sink); },
                                    {"/set/first", "imed out"});
  EXPECT_EQ(got, "begin");
}

TEST_F(DataDownloads, FilesAreBounded) {
  const std::string undeclared = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + first_;
  for (const std::string& answer : {HttpServer::ok(first_), undeclared}) {
    const HttpServer large({{"/set/first", answer}});
    data::Manifest bounded = manifest(large);
    bounded.files[0].bytes = 1000;
    expect_error<IoError>([&] { get(bounded); }, {"/set/first", "more than 1000 bytes"});
    EXPECT_EQ(files(), Names{});
  }
  write(folder_ / "first", std::string(2000, 'x'));
  const HttpServer server({{"/set/first", HttpServer::ok(first_)}, {"/set/second", HttpServer::ok(second_)}});
  EXPECT_EQ(get(manifest(server)).fetched, 2) << "a file that grew is fetched again";
}

TEST_F(DataDownloads, AbsentFileAndAbsentServer) {
  data::Manifest unreachable;
  {
    const HttpServer server({});
    expect_error<IoError>([&] { get(manifest(server)); }, {"/set/first", "404"});
    unreachable = manifest(server);
  }
  expect_error<IoError>([&] { get(unreachable); }, {"/set/first", "cannot download"});
  EXPECT_EQ(files(), Names{});
  unreachable.mirrors = {"ftp://127.0.0.1/set/"};
  expect_error<IoError>([&] { get(unreachable); }, {"ftp://127.0.0.1/set/first"});
}

TEST_F(DataDownloads, NextMirrorWhereOneFails) {
  const HttpServer server({{"/set/first", HttpServer::ok("wrong")},
                           {"/second/first", HttpServer::ok(first_)},
                           {"/second/second", HttpServer::ok(second_)}});
  auto both = manifest(server);
  both.mirrors.push_back(server.url() + "/second/");
  EXPECT_EQ(get(both).fetched, 2);
  EXPECT_EQ(io::read_file(folder_ / "first"), first_);
}

TEST_F(DataDownloads, NoOtherMirrorWhereTheFileCannotBeWritten) {
  const HttpServer server(
      {{"/set/first", HttpServer::ok(first_)}, {"/second/first", HttpServer::ok(first_)}});
  auto both = manifest(server);
  both.mirrors.push_back(server.url() + "/second/");
  const SmallestFiles full(1000);
  expect_error<IoError>([&] { get(both); }, {"first"});
  EXPECT_EQ(server.requests(), 1);
  EXPECT_EQ(files(), Names{});
}

TEST_F(DataDownloads, Interrupted) {
  const HttpServer server({{"/set/first", HttpServer::ok(first_)}, {"/set/second", HttpServer::ok(second_)}});
  DownloadOptions options;
  options.stop = [] { return true; };
  expect_error<IoError>([&] { data::download(manifest(server), folder_, options); }, {"interrupted"});
  EXPECT_EQ(files(), Names{});
}

TEST_F(DataDownloads, UnwritableFolder) {
  const HttpServer server({{"/set/first", HttpServer::ok(first_)}});
  write(temporary_ / "cache", "a file where the folder should be");
  expect_error<IoError>([&] { get(manifest(server)); }, {"cache"});
}

TEST(DataDownload, FromTheMirrorIntoTheCache) {
  const HttpServer server({});
  TempFolder cache, data;
  const Environment elbo_data("ELBO_DATA", data.path().string());
  const Environment xdg("XDG_CACHE_HOME", cache.path().string());
  const Environment mirror("ELBO_MIRROR", server.url());
  const Environment direct("no_proxy", "127.0.0.1");
  expect_error<IoError>([] { download_dataset("mnist"); },
                        {server.url() + "/mnist/t10k-images-idx3-ubyte.gz", "404"});
  EXPECT_EQ(server.requests(), 1);
  // If the data is present, the server gets no request.
  write(data / "mnist/train-images-idx3-ubyte", "");
  const auto result = download_dataset("mnist");
  EXPECT_EQ(result.folder, data / "mnist");
  EXPECT_EQ(result.fetched, 0);
  EXPECT_EQ(server.requests(), 1);
}

#endif

}  // namespace
}  // namespace elbo
