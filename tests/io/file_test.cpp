// Files that appear completely or not at all.

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/check.h"
#include "elbo/error.h"
#include "io/file.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace elbo::io {
namespace {

namespace fs = std::filesystem;

TEST(AtomicFiles, ReplaceAFileOnceTheyAreWhole) {
  const test::TempFolder folder;
  const auto file = folder / "below/a.txt";
  write_file(file, "first");
  {
    AtomicFile abandoned(file);
    abandoned.write("half");
  }
  EXPECT_EQ(read_file(file), "first");
  write_file(file, "second");
  EXPECT_EQ(read_file(file), "second");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "below"), {}), 1) << "something was left behind";
}

TEST(AtomicFiles, WriteWhatALinkPointsTo) {
  const test::TempFolder folder;
  write_file(folder / "target.txt", "old");
  fs::create_symlink("target.txt", folder / "link.txt");
  write_file(folder / "link.txt", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link.txt"));
  EXPECT_EQ(read_file(folder / "target.txt"), "new");
}

TEST(AtomicFiles, TakeThePlaceOfNothingButFiles) {
  const test::TempFolder folder;
  fs::create_directory(folder / "folder");
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/null", folder / "device");
  for (const char* name : {"folder", "pipe", "device"}) {
    EXPECT_THROW(write_file(folder / name, "text"), IoError) << name;
  }
  EXPECT_TRUE(fs::is_directory(folder / "folder"));
  EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
  EXPECT_TRUE(fs::is_symlink(folder / "device"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

/// The names in a folder that end in .part.
std::vector<fs::path> partial_files(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".part") found.push_back(entry.path());
  }
  return found;
}

TEST(AtomicFiles, HaveTemporaryNamesThatNobodyForesees) {
  const test::TempFolder folder;
  write_file(folder / "victim", "precious");
  fs::create_symlink("victim",
                     folder / concat("codes.csv.", getpid(), ".part"));  // the name of earlier versions
  AtomicFile one(folder / "codes.csv"), other(folder / "codes.csv");
  one.write("one");
  other.write("other");
  EXPECT_EQ(partial_files(folder.path()).size(), 3u);
  one.commit();
  EXPECT_EQ(read_file(folder / "codes.csv"), "one");
  other.commit();
  EXPECT_EQ(read_file(folder / "codes.csv"), "other");
  EXPECT_EQ(read_file(folder / "victim"), "precious");
}

TEST(AtomicFiles, OfSeveralThreadsAreWhole) {
  const test::TempFolder folder;
  constexpr int kThreads = 4, kTimes = 25;
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  write_file(folder / "a", std::string(10'000, 'a'));
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, text = std::string(10'000, static_cast<char>('a' + i))] {
      for (int j = 0; j < kTimes; ++j) {
        try {
          write_file(folder / "a", text);
          const std::string read = read_file(folder / "a");
          if (read != std::string(10'000, read[0])) ++failures;
        } catch (const IoError&) {
          ++failures;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_TRUE(partial_files(folder.path()).empty());
}

TEST(AtomicFiles, LeftByKilledProcessesAreRemoved) {
  const test::TempFolder folder;
  for (const char* name : {"a.png.0123456789abcdef.part", "a.123.part", "notes.part", "a.xyz.part"}) {
    write_file(folder / name, "half");
  }
  AtomicFile in_use(folder / "b");
  remove_partial_files(folder.path());
  EXPECT_EQ(partial_files(folder.path()).size(), 3u) << "notes.part, a.xyz.part, and the one in use";
  in_use.commit();
  remove_partial_files(folder / "no such folder");
}

TEST(ReadFiles, ArePlainAndNotTooLarge) {
  const test::TempFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", folder / "device");
  write_file(folder / "file", "12345");
  const auto refuse = [&](const char* name, const char* reason, std::size_t max_bytes = 100) {
    test::expect_error<IoError>([&] { read_file(folder / name, max_bytes); }, {name, reason});
  };
  refuse("pipe", "not a plain file");
  refuse("device", "not a plain file");
  refuse(".", "it is a folder");
  refuse("missing", "cannot open");
  refuse("file", "more than 4 bytes", 4);
  EXPECT_EQ(read_file(folder / "file", 5), "12345");
  EXPECT_THROW(require_plain_file(folder / "pipe"), IoError);
  EXPECT_FALSE(read_file("/proc/self/status").empty()) << "a file without a size";
}

}  // namespace
}  // namespace elbo::io
