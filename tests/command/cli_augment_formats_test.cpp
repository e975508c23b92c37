// The formats that elbo augment writes.

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <sstream>

#include "base/check.h"
#include "data/sources/npy.h"
#include "data/sources/npz_archive.h"
#include "io/file.h"
#include "support/cli.h"
#include "support/file_formats.h"

namespace elbo::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_made_in(const fs::path& file) {
  std::istringstream text(io::read_file(file, io::kMaxTextBytes));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> texts_in(const data::NpzArchive& archive, const char* key) {
  return data::parse_npy_texts(archive.read(archive.find(key)), key);
}

/// A table with every kind of column; the last row has no label.
class CliAugmentTable : public testing::Test {
 protected:
  void SetUp() override {
    std::string text = "kind,colour,leaves,day,seen,height\n";
    for (int i = 0; i < 40; ++i)
      text += concat(i % 2 ? "fern," : "moss,", i % 3 ? "\"green, dark\"," : "brown,", i % 7, ",2024-02-",
                     10 + i % 15, ",", 1700000000 + 60 * i, ",", 10.0 + 0.5 * (i % 5), "\n");
    text += ",brown,3,2024-02-12,1700000000,10.5\n";
    write(data_, text);
    const auto trained =
        run_elbo(small_training({"--data", data_.string(), "--out", run_, "--set", "data.label=kind", "--set",
                                 "data.validation=0", "--set", "train.patience=0", "--epochs", "20"}));
    ASSERT_EQ(trained.code, 0) << trained.err;
  }
  CommandResult augment(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"augment", run_});
    return run_elbo(arguments);
  }
  std::string path(const char* name) const { return (folder_ / name).string(); }

  TempFolder folder_;
  fs::path data_ = folder_ / "plants.csv";
  std::string run_ = (folder_ / "run").string();
};

TEST_F(CliAugmentTable, TextTablesHaveValidCells) {
  ASSERT_EQ(augment({"-n", "41", "--out", path("more.csv")}).code, 0);
  ASSERT_EQ(augment({"-n", "41", "--out", path("more.tsv")}).code, 0);
  auto commas = lines_made_in(path("more.csv"));
  const auto tabs = lines_made_in(path("more.tsv"));
  ASSERT_EQ(commas.size(), 42u);
  ASSERT_EQ(tabs.size(), 42u);
  EXPECT_EQ(commas[0], "label,made_from,colour,leaves,day,seen,height");
  EXPECT_TRUE(commas[41].starts_with(",line 42,")) << "the row without a label: " << commas[41];
  for (std::size_t i = 0; i < tabs.size(); ++i) {
    const auto quoted = commas[i].find("\"green, dark\"");
    if (quoted != std::string::npos) commas[i].replace(quoted, 13, "green; dark");
    std::string as_commas = tabs[i];
    if (const auto at = as_commas.find("green, dark"); at != std::string::npos) as_commas[at + 5] = ';';
    std::replace(as_commas.begin(), as_commas.end(), '\t', ',');
    EXPECT_EQ(as_commas, commas[i]);
    if (i == 0) continue;
    std::istringstream fields(tabs[i]);
    std::string label, source, colour, leaves, day;
    for (auto* field : {&label, &source, &colour, &leaves, &day}) std::getline(fields, *field, '\t');
    EXPECT_TRUE(colour == "green, dark" || colour == "brown") << tabs[i];
    EXPECT_EQ(leaves.find_first_not_of("0123456789"), std::string::npos) << "a whole count: " << tabs[i];
    EXPECT_TRUE(day.starts_with("2024-02-")) << tabs[i];
  }
}

TEST_F(CliAugmentTable, TheDefaultIsTheDatasFormat) {
  const auto result = augment({"-n", "3"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(lines_made_in(fs::path(run_) / "augmented.csv").size(), 4u);
}

TEST_F(CliAugmentTable, ArraysHaveNumbersOfTextsAndWholeDates) {
  const auto result = augment({"--out", path("more.npz")});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "1 example without a label was left out");
  EXPECT_SAYS(result.err, "texts are numbers in an array: colour (0 brown, 1 green, dark)");
  EXPECT_SAYS(result.out, "its arrays are x, the labels y, and made_from");
  const data::NpzArchive archive(path("more.npz"));
  const auto header = archive.header(archive.find("x"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->type, "<f8") << "32 bits are too few for seconds since 1970";
  EXPECT_EQ(header->shape, (std::vector<std::int64_t>{40, 5}));
  const auto values = data::parse_npy(archive.read(archive.find("x")), "x").floats;
  for (std::size_t i = 0; i < values.size(); i += 5) {
    EXPECT_TRUE(values[i] == 0.0f || values[i] == 1.0f) << "colour " << values[i];
    EXPECT_EQ(values[i + 1], std::round(values[i + 1])) << "leaves";
    EXPECT_EQ(values[i + 2], std::round(values[i + 2])) << "days since 1970";
    EXPECT_NEAR(values[i + 2], 19770.0f, 30.0f);
    EXPECT_NEAR(values[i + 3], 1.7e9f, 1e5f);
  }
  const auto labels = texts_in(archive, "y"), sources = texts_in(archive, "made_from");
  ASSERT_EQ(labels.size(), 40u);
  EXPECT_EQ(std::set<std::string>(labels.begin(), labels.end()), (std::set<std::string>{"fern", "moss"}));
  EXPECT_EQ(sources[0], "line 2");
  const Dataset read = load_dataset(path("more.npz"));
  EXPECT_EQ(read.train.count, 40);
  EXPECT_EQ(read.label_names, (std::vector<std::string>{"fern", "moss"}));
}

TEST_F(CliAugmentTable, NpyFilesHaveTheirLabelsBeside) {
  const auto result = augment({"-n", "7", "--out", path("more.npy")});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.out, "more.labels.npy, ");
  EXPECT_SAYS(result.out, "more.made_from.npy: their labels, and what each was made from");
  EXPECT_EQ(load_dataset(path("more.npy")).train.count, 7);
  const auto labels = data::parse_npy_texts(io::read_file(path("more.labels.npy")), "labels");
  EXPECT_EQ(labels.size(), 7u);
  EXPECT_EQ(data::parse_npy_texts(io::read_file(path("more.made_from.npy")), "sources").at(6), "line 8");
}

TEST_F(CliAugmentTable, WhatCannotBeWrittenIsRefused) {
  for (const char* name : {"more.xyz", "more", "more.png"}) {
    expect_complaint(augment({"-n", "3", "--out", path(name)}), 2,
                     {".csv, .tsv, .npy or .npz, or in / for a folder of pictures"});
    EXPECT_FALSE(fs::exists(path(name)));
  }
  for (const std::string& name : {path("more/"), folder_.path().string()})
    expect_complaint(augment({"-n", "3", "--out", name}), 2,
                     {"a folder of pictures, and these data are none"});
  EXPECT_FALSE(fs::exists(path("more")));
  const std::string before = io::read_file(data_);
  expect_complaint(augment({"-n", "3", "--out", data_.string()}), 2,
                   {"holds the data that examples are made"});
  EXPECT_EQ(io::read_file(data_), before);
}

/// Pictures of two classes, brighter in the second, by sub-folder; channels 1 or 3.
std::string write_birds(const fs::path& folder, int channels, const char* second = "night owl") {
  for (int i = 0; i < 24; ++i) {
    const bool other = i % 2 == 1;
    write(folder / (other ? second : "lark") / concat("bird-", i, ".png"),
          png(6, 5, channels, (other ? 150 : 10) + i));
  }
  return folder.string();
}

std::string train_on_birds(const std::string& data, const std::string& run,
                           std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"pictures",
                                        "--data",
                                        data,
                                        "--out",
                                        run,
                                        "--epochs",
                                        "1",
                                        "--set",
                                        "model.latent=2",
                                        "--set",
                                        "data.validation=0",
                                        "--set",
                                        "train.patience=0",
                                        "--set",
                                        "data.picture_size=6",
                                        "--set",
                                        "train.batch=8"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto trained = run_elbo(small_training(arguments));
  EXPECT_EQ(trained.code, 0) << trained.err;
  return run;
}

TEST(CliAugmentPictures, FoldersHaveALabelInEach) {
  const TempFolder folder;
  for (const int channels : {1, 3}) {
    SCOPED_TRACE(channels);
    const std::string name = concat("birds-", channels);
    const auto data = write_birds(folder / name, channels);
    const auto run = train_on_birds(data, (folder / (name + "-run")).string());
    const fs::path out = folder / (name + "-more");
    const auto result = run_elbo({"augment", run, "-n", "30", "--out", out.string()});  // without a /
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_SAYS(result.out, "manifest.csv: each file's label, and what it was made from");
    const Dataset made = load_dataset(out.string());
    EXPECT_EQ(made.train.count, 30);
    EXPECT_EQ(made.picture, (PictureShape{6, 6, channels}));
    EXPECT_EQ(made.train.bytes.size(), 30u * 36u * static_cast<std::size_t>(channels));
    EXPECT_EQ(made.label_names, (std::vector<std::string>{"lark", "night owl"}));
    const auto manifest = lines_made_in(out / "manifest.csv");
    ASSERT_EQ(manifest.size(), 31u);
    EXPECT_EQ(manifest[0], "file,label,made_from");
    EXPECT_EQ(manifest[1], "lark/made-00.png,lark,row 0");
    EXPECT_EQ(manifest[30], "lark/made-29.png,lark,row 5");
    for (std::size_t i = 1; i < manifest.size(); ++i)
      EXPECT_TRUE(fs::exists(out / manifest[i].substr(0, manifest[i].find(',')))) << manifest[i];

    const auto again = run_elbo({"augment", run, "-n", "30", "--out", out.string()});
    EXPECT_EQ(again.code, 1);
    EXPECT_SAYS(again.err, "it is not empty");
    EXPECT_EQ(run_elbo({"augment", run, "-n", "3"}).code, 0) << "the data's own format";
    EXPECT_TRUE(fs::exists(fs::path(run) / "augmented/manifest.csv"));
    EXPECT_EQ(run_elbo({"augment", run, "-n", "3", "--out", data}).code, 2) << "not among the real ones";
  }
}

TEST(CliAugmentPictures, ArraysHaveBytesAndPixels) {
  const TempFolder folder;
  const auto data = write_pictures(folder / "digits", 30, 9);
  const auto run = (folder / "run").string();
  ASSERT_EQ(run_elbo(small_training({"digits", "--data", data, "--out", run, "--epochs", "1", "--set",
                                     "data.validation=0", "--set", "model.condition=[\"label\"]", "--set",
                                     "model.latent=2", "--quiet"}))
                .code,
            0);
  const auto array = [&](const char* key) {
    const data::NpzArchive archive(fs::path(run) / "augmented.npz");
    return archive.read(archive.find(key));
  };
  const auto result = run_elbo({"augment", run});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto header = data::parse_npy_header(array("x"), "x");
  EXPECT_EQ(header.type, "|u1");
  EXPECT_EQ(header.shape, (std::vector<std::int64_t>{30, 6, 5}));
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < 30; ++i) labels.push_back(i % 3);
  EXPECT_EQ(data::parse_npy_integers(array("y"), "y"), labels) << "numbers, as the data's are";
  const Dataset read = load_dataset((fs::path(run) / "augmented.npz").string());
  EXPECT_EQ(read.picture, (PictureShape{6, 5, 1}));
  // A byte is the nearest to what the model decodes.
  const Model model = Model::load(run, device());
  const Dataset own = load_dataset(data);
  const Table decoded = model.decode(model.posterior_codes(own.train, 1), own.train.labels);
  ASSERT_EQ(read.train.bytes.size(), decoded.values.size());
  for (std::size_t i = 0; i < decoded.values.size(); ++i)
    EXPECT_NEAR(read.train.bytes[i], 255.0f * decoded.values[i], 0.5f + 1e-3f);

  ASSERT_EQ(run_elbo({"augment", run, "-n", "4", "--from", "prior"}).code, 0);
  EXPECT_EQ(data::parse_npy_integers(array("y"), "y"), (std::vector<std::int64_t>{0, 1, 2, 0}));
  EXPECT_EQ(data::parse_npy_texts(array("made_from"), "made_from"), std::vector<std::string>(4, "prior"));
  const std::string before = io::read_file(fs::path(run) / "augmented.npz");
  ASSERT_EQ(run_elbo({"augment", run, "-n", "4", "--from", "prior"}).code, 0);
  EXPECT_EQ(io::read_file(fs::path(run) / "augmented.npz"), before) << "the same bytes again";
}

TEST(CliAugmentPictures, LabelsThatNameNoFolderAreRefused) {
  const TempFolder folder;
  const auto data = write_birds(folder / "birds", 1, "test");
  const auto run = train_on_birds(data, (folder / "run").string());
  const auto result = run_elbo({"augment", run, "-n", "4", "--out", (folder / "more/").string()});
  EXPECT_EQ(result.code, 2);
  EXPECT_SAYS(result.err, "the label \"test\" would be read as a split");
  EXPECT_FALSE(fs::exists(folder / "more"));
  EXPECT_EQ(run_elbo({"augment", run, "-n", "4", "--out", (folder / "more.npz").string()}).code, 0);
}

TEST(CliAugmentPictures, FloatsThatNoPngHoldsAreRefused) {
  const TempFolder folder;
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  for (int i = 0; i < 20 * 12; ++i) values.push_back(static_cast<float>(i % 7) - 2.0f);
  for (int i = 0; i < 20; ++i) labels.push_back(i % 2);
  const auto data =
      npz(folder / "data.npz", {{"x", npy("<f4", "(20, 4, 3)", values)}, {"y", npy("<i4", "(20,)", labels)}});
  const auto run = (folder / "run").string();
  ASSERT_EQ(run_elbo(small_training({"digits", "--data", data.string(), "--out", run, "--epochs", "1",
                                     "--set", "model.likelihood=gaussian", "--set", "data.validation=0",
                                     "--set", "model.latent=2", "--quiet"}))
                .code,
            0);
  const auto result = run_elbo({"augment", run, "--out", (folder / "more/").string()});
  EXPECT_EQ(result.code, 2);
  EXPECT_SAYS(result.err, "PNG files, whose values are from 0 to 1, and these data have others");
  ASSERT_EQ(run_elbo({"augment", run}).code, 0);
  const Dataset made = load_dataset((fs::path(run) / "augmented.npz").string());
  EXPECT_EQ(made.picture, (PictureShape{4, 3, 1}));
  EXPECT_EQ(made.train.floats.size(), values.size());
}

}  // namespace
}  // namespace elbo::test
