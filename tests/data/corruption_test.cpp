// Loading a file with arbitrary bytes succeeds or throws one of elbo's errors; the sanitizers check that it
// reads no invalid memory.

#include <gtest/gtest.h>

#include <fstream>

#include "elbo/dataset.h"
#include "support/data.h"
#include "support/file_formats.h"
#include "support/random.h"

namespace elbo {
namespace {

using test::TempFolder;

struct Sample {
  std::string name;
  std::string bytes;
};

std::vector<Sample> samples(const TempFolder& folder) {
  const std::string idx = test::idx_header(8, {3, 4, 4}) + std::string(48, '\7');
  const std::string npy = test::npy("<f4", "(4, 3)", std::vector<float>(12, 0.25f));
  const auto npz =
      test::npz(folder / "sample.npz",
                {{"x.npy", npy}, {"y.npy", test::npy("<i4", "(4,)", std::vector<std::int32_t>{0, 1, 2, 3})}});
  return {{"a.idx", idx},
          {"a.idx.gz", test::gzip(idx)},
          {"a.npy", npy},
          {"a.npz", io::read_file(npz)},
          {"a.csv", "width,\"he ight\",class\n1,2,x\n3.5,-4e2,y\n\"7\",,z\n"},
          {"a.png", test::png(5, 4, 3)},
          {"a.jpg", test::with_exif(test::jpeg(8, 8, 1, 90), test::exif(6))},
          {"a.bmp", test::bmp_file({.width = 3, .height = 2, .bits = 24, .rows = std::string(24, 'x')})},
          {"one.png", test::png(3, 2, 4)}};
}

class DataCorruption : public testing::Test {
 protected:
  /// Loads the bytes under the sample's name; pictures from a separate folder.
  void load(const Sample& sample, const std::string& bytes) {
    const bool picture = sample.name == "a.png" || sample.name == "a.jpg" || sample.name == "a.bmp";
    const auto file = picture ? folder_ / sample.name.substr(2) / sample.name : folder_ / sample.name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    try {
      const Dataset dataset = load_dataset((picture ? file.parent_path() : file).string());
      const auto values = dataset.train.bytes.size() + dataset.train.floats.size();
      EXPECT_EQ(values, static_cast<std::size_t>(dataset.train.count * dataset.train.dims)) << sample.name;
      ++loaded_;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(folder_.path().string()), std::string::npos) << error.what();
      ++refused_;
    } catch (const std::exception& error) {
      ADD_FAILURE() << sample.name << ": " << error.what();
    }
  }

  TempFolder folder_;
  int loaded_ = 0;
  int refused_ = 0;
};

TEST_F(DataCorruption, WholeSamplesLoad) {
  const auto all = samples(folder_);
  for (const auto& sample : all) load(sample, sample.bytes);
  EXPECT_EQ(loaded_, static_cast<int>(all.size()));
}

TEST_F(DataCorruption, EveryTruncation) {
  for (const auto& sample : samples(folder_)) {
    for (std::size_t length = 0; length < sample.bytes.size(); ++length)
      load(sample, sample.bytes.substr(0, length));
  }
  EXPECT_GT(refused_, 1000);
}

TEST_F(DataCorruption, ChangedBytes) {
  test::Random random(11);
  for (const auto& sample : samples(folder_)) {
    for (int trial = 0; trial < 300; ++trial) {
      std::string bytes = sample.bytes;
      const auto changes = 1 + random.below(3);
      for (std::int64_t i = 0; i < changes; ++i) {
        const auto at = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(bytes.size())));
        bytes[at] = static_cast<char>(random.below(256));
      }
      load(sample, bytes);
    }
  }
  EXPECT_GT(refused_, 300);
  EXPECT_GT(loaded_, 100);
}

}  // namespace
}  // namespace elbo
