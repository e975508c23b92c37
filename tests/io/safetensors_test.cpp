// The safetensors reader and writer: round trips, the layout on disk, and every way a file can be malformed.

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "elbo/error.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "support/temp_folder.h"

namespace elbo::io {
namespace {

/// A file with the given header text and data, valid or not.
std::string assemble(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + data;
}

class Safetensors : public testing::Test {
 protected:
  /// Expects a DataError that names the file and `fragment`.
  void expect_refused(const std::string& bytes, const std::string& fragment) {
    const auto file = folder_ / "bad.safetensors";
    std::ofstream(file, std::ios::binary) << bytes;
    try {
      SafetensorsFile read(file);
      FAIL() << "accepted: " << fragment;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(file.string()), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(fragment), std::string::npos) << error.what();
    }
  }

  test::TempFolder folder_;
};

TEST_F(Safetensors, ReadsBackWhatWasWritten) {
  const std::vector<float> weight = {1.5f, -2.25f, 3.0f, 0.0f, -0.0f, 1e-40f};
  const std::vector<double> sums = {0.1, 1e300};
  const std::vector<std::int64_t> counts = {-1, std::int64_t{1} << 62};
  SafetensorsWriter writer;
  writer.text("recipe", "name = \"a\"\nβ = 1");
  writer.tensor("layer.weight", {2, 3}, weight);
  writer.tensor("sums", {2}, sums);
  writer.tensor("counts", {2}, counts);
  writer.tensor("none", {0, 5}, std::span<const float>());
  writer.tensor("scalar", {}, std::span<const double>(sums).first(1));
  const auto file = folder_ / "sub" / "a.safetensors";
  writer.write(file);

  const SafetensorsFile read(file);
  EXPECT_EQ(read.text("recipe"), "name = \"a\"\nβ = 1");
  EXPECT_EQ(read.tensors().size(), 5u);
  EXPECT_EQ(std::memcmp(read.floats("layer.weight", {2, 3}).data(), weight.data(), sizeof(float) * 6), 0);
  EXPECT_EQ(read.doubles("sums", {2}), sums);
  EXPECT_EQ(read.integers("counts", {2}), counts);
  EXPECT_TRUE(read.floats("none", {0, 5}).empty());
  EXPECT_EQ(read.doubles("scalar", {}), std::vector<double>{0.1});
  EXPECT_EQ(read.shape("layer.weight"), (TensorShape{2, 3}));
}

TEST_F(Safetensors, LayoutIsTheFormats) {
  const std::vector<float> a = {1.0f};
  const std::vector<double> b = {2.0};
  SafetensorsWriter writer;
  writer.text("format", "x");
  writer.tensor("a", {1}, a);
  writer.tensor("b", {1}, b);
  writer.write(folder_ / "a.safetensors");
  const std::string bytes = read_file(folder_ / "a.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  ASSERT_EQ(bytes.size(), 8 + length + 12);
  EXPECT_EQ(length % 8, 0u) << "the values must start aligned";
  EXPECT_EQ(bytes[8], '{');
  const auto header = nlohmann::json::parse(bytes.substr(8, length));
  EXPECT_EQ(header["__metadata__"]["format"], "x");
  EXPECT_EQ(header["b"]["dtype"], "F64");
  EXPECT_EQ(header["b"]["data_offsets"], (std::vector<int>{0, 8})) << "wider types come first";
  EXPECT_EQ(header["a"]["data_offsets"], (std::vector<int>{8, 12}));
  EXPECT_EQ(header["a"]["shape"], (std::vector<int>{1}));
  float value = 0;
  std::memcpy(&value, bytes.data() + 8 + length + 8, 4);
  EXPECT_EQ(value, 1.0f);
}

TEST_F(Safetensors, SameCallsGiveTheSameBytes) {
  const std::vector<float> values(10, 0.5f);
  for (const char* name : {"a", "b"}) {
    SafetensorsWriter writer;
    writer.text("z", "1");
    writer.text("a", "2");
    writer.tensor("t", {10}, values);
    writer.write(folder_ / name);
  }
  EXPECT_EQ(read_file(folder_ / "a"), read_file(folder_ / "b"));
}

TEST_F(Safetensors, WriterRefusesWrongSizesAndDoubleNames) {
  const std::vector<float> values(6);
  SafetensorsWriter writer;
  EXPECT_THROW(writer.tensor("t", {2, 2}, values), ShapeError);
  EXPECT_THROW(writer.tensor("t", {-2, -3}, values), ShapeError);
  EXPECT_THROW(writer.tensor("__metadata__", {6}, values), ShapeError);
  writer.tensor("t", {2, 3}, values);
  EXPECT_THROW(writer.tensor("t", {2, 3}, values), ShapeError);
}

TEST_F(Safetensors, EveryTruncationIsRefused) {
  const std::vector<float> values = {1, 2, 3};
  SafetensorsWriter writer;
  writer.tensor("first", {1}, std::span(values).first(1));
  writer.tensor("second", {2}, std::span(values).last(2));
  writer.write(folder_ / "whole");
  const std::string whole = read_file(folder_ / "whole");
  for (std::size_t size = 0; size < whole.size(); ++size)
    expect_refused(whole.substr(0, size), "bad.safetensors");
  expect_refused(whole.substr(0, whole.size() - 1), "\"second\"");
  expect_refused(whole + "x", "belong to no tensor");
}

TEST_F(Safetensors, MalformedFilesAreRefused) {
  const std::string four(4, 'x'), eight(8, 'x');
  const auto tensor = [](const std::string& body) { return "{\"t\":{" + body + "}}"; };
  expect_refused("", "0 bytes");
  expect_refused(std::string(8, '\xff') + "{}", "header");
  expect_refused(assemble("nonsense", ""), "not JSON");
  expect_refused(assemble("[1, 2]", ""), "not a JSON object");
  expect_refused(assemble("{\"t\":", ""), "not JSON");
  expect_refused(assemble(std::string(100'000, '['), ""), "not JSON");
  expect_refused(assemble(tensor("\"dtype\":\"F32\",\"shape\":[1]"), four), "\"t\"");
  expect_refused(assemble(tensor("\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]"), four), "\"t\"");
  expect_refused(assemble(tensor("\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]"), four), "\"t\"");
  expect_refused(assemble(tensor("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]"), four), "\"t\"");
  expect_refused(assemble(tensor("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]"), four), "\"t\"");
  expect_refused(assemble(tensor("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]"), four),
                 "does not fit");
  expect_refused(assemble(tensor("\"dtype\":\"Q4\",\"shape\":[1],\"data_offsets\":[0,4]"), four), "Q4");
  expect_refused(
      assemble(
          tensor("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4294967296],\"data_offsets\":[0,4]"),
          four),
      "does not fit");
  expect_refused(
      assemble(tensor("\"dtype\":\"F32\",\"shape\":[18446744073709551615],\"data_offsets\":[0,4]"), four),
      "\"t\"");
  expect_refused(
      assemble(tensor("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,18446744073709551615]"), four),
      "truncated or corrupt");
  const std::string one = "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":";
  expect_refused(assemble("{\"a\":{" + one + "[0,4]},\"b\":{" + one + "[0,4]}}", four), "overlaps");
  expect_refused(assemble("{\"a\":{" + one + "[0,4]},\"b\":{" + one + "[2,6]}}", eight), "overlaps");
  expect_refused(assemble("{\"a\":{" + one + "[4,8]}}", eight), "gap");
  expect_refused(assemble("{\"a\":{" + one + "[0,4]},\"a\":{" + one + "[4,8]}}", eight), "twice");
  expect_refused(assemble("{\"__metadata__\":{\"k\":1}}", ""), "\"k\"");
  expect_refused(assemble("{\"__metadata__\":[]}", ""), "__metadata__");
}

/// A header of `count` tensors without values.
std::string many_tensors(int count) {
  std::string header = "{";
  for (int i = 0; i < count; ++i) {
    if (i > 0) header += ',';
    header += "\"t" + std::to_string(i) + "\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}";
  }
  return header + "}";
}

TEST_F(Safetensors, HeadersAreBounded) {
  const auto file = folder_ / "many.safetensors";
  write_file(file, assemble(many_tensors(100'000), ""));
  EXPECT_EQ(SafetensorsFile(file).tensors().size(), 100'000u);
  expect_refused(assemble(many_tensors(100'002), ""), "more than 100000 tensors");

  const auto with_extra = [](const std::string& extra) {
    return assemble(
        "{\"t\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0],\"extra\":" + extra + "}}", "");
  };
  for (const char* extra : {"null", "-1", "\"x\"", "[1,\"x\"]", "{\"a\":1}"}) {
    write_file(file, with_extra(extra));
    EXPECT_EQ(SafetensorsFile(file).shape("t"), TensorShape{0}) << extra;
  }
  expect_refused(with_extra("[[1]]"), "three levels");
  expect_refused(with_extra("{\"a\":[]}"), "three levels");
  expect_refused(with_extra("{\"a\":1,\"a\":2}"), "twice");
  expect_refused(assemble("{\"t\":" + std::string(1'000'000, '[') + "}", ""), "\"t\"");
  expect_refused(assemble("{\"t\":[{}]}", ""), "\"t\"");
  expect_refused(assemble("3", ""), "not a JSON object");
  std::string extents = "0";
  for (int i = 0; i < 64; ++i) extents += ",1";
  expect_refused(
      assemble("{\"t\":{\"dtype\":\"F32\",\"shape\":[" + extents + "],\"data_offsets\":[0,0]}}", ""),
      "lacks a valid");
}

TEST_F(Safetensors, AskingForWhatIsNotThereNamesIt) {
  const std::vector<float> values(6);
  SafetensorsWriter writer;
  writer.tensor("weight", {2, 3}, values);
  writer.write(folder_ / "a");
  const SafetensorsFile read(folder_ / "a");
  const auto message = [&](auto call) -> std::string {
    try {
      call();
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_NE(message([&] { read.floats("bias", {1}); }).find("no tensor \"bias\""), std::string::npos);
  const std::string shape = message([&] { read.floats("weight", {3, 2}); });
  EXPECT_NE(shape.find("[2, 3]"), std::string::npos) << shape;
  EXPECT_NE(shape.find("[3, 2]"), std::string::npos) << shape;
  EXPECT_NE(message([&] { read.doubles("weight", {2, 3}); }).find("F32"), std::string::npos);
  EXPECT_NE(message([&] { read.text("recipe"); }).find("recipe"), std::string::npos);
  EXPECT_THROW(SafetensorsFile(folder_ / "missing"), IoError);
  EXPECT_THROW(SafetensorsFile(folder_.path()), IoError);
}

}  // namespace
}  // namespace elbo::io
