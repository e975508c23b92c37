// Zips as they are written, read by libzip.

#include <gtest/gtest.h>

#include "data/sources/npz_archive.h"
#include "elbo/error.h"
#include "io/file.h"
#include "io/stored_zip.h"
#include "support/temp_folder.h"

namespace elbo::io {
namespace {

namespace fs = std::filesystem;

void write_two(const fs::path& file, std::uint64_t max_plain = 0xFFFFFFFE) {
  StoredZip zip(file, max_plain);
  zip.begin("first.npy", 11);
  zip.write("hello ");
  zip.write("world");
  zip.begin("größer.npy", 3);
  zip.write("abc");
  zip.begin("empty.npy", 0);
  zip.commit();
}

/// Opens the zip with libzip, which compares sizes and checksums.
void expect_two(const fs::path& file) {
  const data::NpzArchive archive(file);
  ASSERT_EQ(archive.count(), 3u);
  EXPECT_EQ(archive.key(0), "first");
  EXPECT_EQ(archive.key(1), "größer");
  EXPECT_EQ(archive.read(0), "hello world");
  EXPECT_EQ(archive.read(1), "abc");
  EXPECT_EQ(archive.read(2), "");
}

/// Whether libzip finds headers and directory consistent.
bool is_consistent(const fs::path& file) {
  int error = 0;
  zip_t* archive = zip_open(file.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (archive) zip_discard(archive);
  return archive != nullptr;
}

TEST(StoredZips, AreReadAgain) {
  const test::TempFolder folder;
  write_two(folder / "a.npz");
  expect_two(folder / "a.npz");
  EXPECT_TRUE(is_consistent(folder / "a.npz"));
  write_two(folder / "b.npz");
  EXPECT_EQ(read_file(folder / "a.npz"), read_file(folder / "b.npz"));
}

TEST(StoredZips, LargeNumbersAreZip64) {
  const test::TempFolder folder;
  write_two(folder / "plain.npz");
  // With small limits the same entries have their sizes, offsets and directory in ZIP64's fields.
  for (const std::uint64_t limit : {0, 2, 10, 60, 250}) {
    SCOPED_TRACE(limit);
    const fs::path file = folder / "large.npz";
    write_two(file, limit);
    expect_two(file);
    EXPECT_TRUE(is_consistent(file));
    EXPECT_GT(fs::file_size(file), fs::file_size(folder / "plain.npz"));
  }
}

TEST(StoredZips, HoldAsManyBytesAsTheyWereBegunWith) {
  const test::TempFolder folder;
  StoredZip zip(folder / "a.npz");
  zip.begin("x.npy", 4);
  EXPECT_THROW(zip.write("12345"), IoError);
  zip.write("12");
  EXPECT_THROW(zip.commit(), IoError);
  EXPECT_THROW(zip.begin("y.npy", 1), IoError);
  EXPECT_FALSE(fs::exists(folder / "a.npz"));
}

}  // namespace
}  // namespace elbo::io
