// Files that appear completely or not at all.

#include <gtest/gtest.h>

#include <sys/stat.h>

#include "elbo/error.h"
#include "io/file.h"
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

}  // namespace
}  // namespace elbo::io
