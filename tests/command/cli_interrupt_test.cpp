// Signals: the files of an interrupted training, and that it continues as if never stopped.

#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "io/file.h"
#include "support/cli.h"
#include "support/http_server.h"
#include "support/temp_folder.h"

namespace elbo::test {
namespace {

using Json = nlohmann::json;

// Sends a signal after the end of the first epoch.
CommandSettings interrupted_by(int signal) {
  CommandSettings settings;
  settings.signal_at = [signal](const std::string& err) {
    return err.find("epoch 1/") != std::string::npos ? signal : 0;
  };
  return settings;
}

TEST(CliInterrupt, CtrlCSavesAndResumeEndsAsIfNeverStopped) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  const auto run = (folder / "run").string(), whole = (folder / "whole").string();
  const auto stopped = run_elbo(small_training({"latent-2d", "--out", run, "--epochs", "1000000", "--json"}),
                                interrupted_by(SIGINT));
  ASSERT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_SAYS(stopped.err, "--resume");
  const auto json = Json::parse(stopped.out);
  EXPECT_EQ(json.at("interrupted"), true);
  EXPECT_TRUE(std::filesystem::exists(run + "/checkpoint.safetensors"));

  // Two epochs more than were started.
  const auto epochs = std::to_string(json.at("steps").get<std::int64_t>() / 10 + 2);
  const auto resumed = run_elbo(
      {"train", "--resume", "--out", run, "--epochs", epochs, "--json", "--device", device().name()});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(Json::parse(resumed.out).at("steps"), std::stoll(epochs) * 10);
  ASSERT_EQ(run_elbo(small_training({"latent-2d", "--out", whole, "--epochs", epochs})).code, 0);
  EXPECT_EQ(io::read_file(run + "/last.safetensors"), io::read_file(whole + "/last.safetensors"));
  EXPECT_EQ(io::read_file(run + "/checkpoint.safetensors"), io::read_file(whole + "/checkpoint.safetensors"));
}

// A handler's frame would go on the stack of the interrupted thread, which not every library's products
// allow: oneDNN's then corrupt the heap. So the command has no handler, and one thread takes the signals.
TEST(CliInterrupt, NoThreadThatComputesIsInterrupted) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  std::string handled, blocked;
  CommandSettings settings = interrupted_by(SIGTERM);
  settings.before_signal = [&](int process) {
    std::istringstream status(io::read_file("/proc/" + std::to_string(process) + "/status"));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("SigCgt:")) handled = line.substr(7);
      if (line.starts_with("SigBlk:")) blocked = line.substr(7);
    }
  };
  run_elbo(small_training({"latent-2d", "--out", folder / "run", "--epochs", "1000000"}), settings);
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
    EXPECT_EQ(std::stoull(handled, nullptr, 16) & bit, 0u) << handled;
    EXPECT_EQ(std::stoull(blocked, nullptr, 16) & bit, bit) << blocked;
  }
}

TEST(CliInterrupt, SigtermAndHangUpAreInterruptsToo) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  for (const int signal : {SIGTERM, SIGHUP}) {
    const auto run = (folder / std::to_string(signal)).string();
    const auto stopped =
        run_elbo(small_training({"latent-2d", "--out", run, "--epochs", "1000000"}), interrupted_by(signal));
    EXPECT_EQ(stopped.code, 130) << stopped.err;
    EXPECT_EQ(stopped.out, "");
    EXPECT_EQ(run_elbo({"eval", run, "--device", device().name()}).code, 0);
  }
}

TEST(CliInterrupt, WhatItWasStartedToIgnoreStaysIgnored) {
  ELBO_REQUIRE_DEVICE();
  const TempFolder folder;
  for (const int signal : {SIGINT, SIGHUP}) {
    auto settings = interrupted_by(signal);
    settings.ignored_signals = {signal};
    const auto run = (folder / std::to_string(signal)).string();
    const auto result = run_elbo(small_training({"latent-2d", "--out", run, "--epochs", "20"}), settings);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_SAYS(result.err, "epoch 20/20");
  }
}

#ifdef ELBO_HAS_CURL
TEST(CliInterrupt, ADownloadEndsAndLeavesNothingHalf) {
  const HttpServer server({{"/mnist/t10k-images-idx3-ubyte.gz", HttpServer::ok("some", 1 << 20)}}, true);
  const TempFolder folder;
  CommandSettings settings;
  settings.environment = {"ELBO_DATA=", "XDG_CACHE_HOME=" + folder.path().string(),
                          "ELBO_MIRROR=" + server.url(), "no_proxy=127.0.0.1"};
  settings.signal_at = [](const std::string& err) { return err.find("(1 of 4)") != err.npos ? SIGINT : 0; };
  const auto stopped = run_elbo({"data", "get", "mnist"}, settings);
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_SAYS(stopped.err, "interrupted");
  EXPECT_EQ(files_below(folder.path()), std::vector<std::string>{});
}
#endif

}  // namespace
}  // namespace elbo::test
