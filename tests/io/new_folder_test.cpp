// Folders that appear completely or not at all.

#include <gtest/gtest.h>

#include "elbo/error.h"
#include "io/file.h"
#include "io/new_folder.h"
#include "support/data.h"
#include "support/temp_folder.h"

namespace elbo::io {
namespace {

namespace fs = std::filesystem;

std::ptrdiff_t entries_in(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), {});
}

TEST(NewFolders, AppearOnceTheyAreWhole) {
  const test::TempFolder folder;
  {
    NewFolder made(folder / "below/more/");
    made.write("a/1.txt", "one");
    made.write("a/2.txt", "two");
    made.write("list.txt", "");
    EXPECT_FALSE(fs::exists(folder / "below/more"));
    made.commit();
  }
  EXPECT_EQ(read_file(folder / "below/more/a/2.txt"), "two");
  EXPECT_EQ(entries_in(folder / "below/more"), 2);
  EXPECT_EQ(entries_in(folder / "below"), 1) << "something was left behind";
}

TEST(NewFolders, LeaveNothingBehindWithoutCommit) {
  const test::TempFolder folder;
  {
    NewFolder abandoned(folder / "more");
    abandoned.write("a/1.txt", "one");
    EXPECT_THROW(abandoned.write("a/1.txt", "again"), IoError);
  }
  EXPECT_EQ(entries_in(folder.path()), 0);
}

TEST(NewFolders, TakeThePlaceOfEmptyFoldersAlone) {
  const test::TempFolder folder;
  fs::create_directory(folder / "empty");
  fs::create_directory(folder / "target");
  fs::create_directory_symlink("target", folder / "link");
  for (const char* name : {"empty", "link"}) {
    NewFolder made(folder / name);
    made.write("1.txt", "one");
    made.commit();
    EXPECT_EQ(read_file(folder / name / "1.txt"), "one");
  }
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target/1.txt"), "one");

  test::write(folder / "file", "mine");
  for (const char* name : {"empty", "file"}) EXPECT_THROW(NewFolder(folder / name), IoError) << name;
  EXPECT_EQ(read_file(folder / "file"), "mine");
  EXPECT_EQ(entries_in(folder / "empty"), 1);
}

TEST(NewFolders, AFolderThatGotFilesMeanwhileStays) {
  const test::TempFolder folder;
  NewFolder made(folder / "more");
  made.write("1.txt", "one");
  test::write(folder / "more/mine.txt", "mine");
  EXPECT_THROW(made.commit(), IoError);
  EXPECT_EQ(entries_in(folder / "more"), 1);
  EXPECT_EQ(read_file(folder / "more/mine.txt"), "mine");
}

}  // namespace
}  // namespace elbo::io
