// NumPy's arrays as they are written.

#include <gtest/gtest.h>

#include "data/sources/npy.h"
#include "io/npy.h"

namespace elbo::io {
namespace {

TEST(NpyWriting, HeadersAreThoseThatNumPyWrites) {
  const std::int64_t shape[] = {3, 4, 5};
  const std::string bytes = npy_header("<f4", shape);
  EXPECT_EQ(bytes.size() % 64, 0u);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  EXPECT_TRUE(
      bytes.substr(10).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 5), }  "));
  EXPECT_EQ(bytes.back(), '\n');
  const std::int64_t one[] = {7};
  EXPECT_NE(npy_header("|u1", one).find("'shape': (7,), }"), std::string::npos);
}

TEST(NpyWriting, IntegersAreReadAgain) {
  const std::int32_t values[] = {0, -1, 7, 2147483647, -2147483647 - 1};
  const std::string bytes = npy_integers(values);
  EXPECT_EQ(data::parse_npy_integers(bytes, "x"),
            (std::vector<std::int64_t>{0, -1, 7, 2147483647, -2147483648}));
  EXPECT_EQ(data::parse_npy_header(bytes, "x").shape, std::vector<std::int64_t>{5});
}

TEST(NpyWriting, TextsAreReadAgain) {
  const std::vector<std::string> texts = {"moss", "", "Flieder – größer", "\xF0\x9F\x8C\xBF", "線"};
  const std::string bytes = npy_texts(texts);
  EXPECT_EQ(data::parse_npy_header(bytes, "x").type, "<U16");
  EXPECT_EQ(data::parse_npy_texts(bytes, "x"), texts);
  const std::vector<std::string> empty = {"", ""};
  EXPECT_EQ(data::parse_npy_header(npy_texts(empty), "x").type, "<U1");
  EXPECT_EQ(data::parse_npy_texts(npy_texts(empty), "x"), empty);
}

TEST(NpyWriting, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  const std::string mark = "\xEF\xBF\xBD";
  // A lone continuation byte, a cut character, an overlong one, a surrogate, and one beyond Unicode.
  const std::vector<std::string> texts = {"a\x80z", "a\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80"};
  const std::vector<std::string> read = data::parse_npy_texts(npy_texts(texts), "x");
  ASSERT_EQ(read.size(), texts.size());
  EXPECT_EQ(read[0], "a" + mark + "z");
  EXPECT_EQ(read[1], "a" + mark);
  EXPECT_EQ(read[2], mark + mark);
  EXPECT_EQ(read[3], mark + mark + mark);
  EXPECT_EQ(read[4], mark + mark + mark + mark);
}

}  // namespace
}  // namespace elbo::io
