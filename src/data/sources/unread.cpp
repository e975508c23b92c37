#include "data/sources/unread.h"

#include "base/text.h"

namespace elbo::data {
namespace {

struct Format {
  std::string_view ending;
  std::string_view advice;
};

constexpr std::string_view kExcel =
    "an Excel file is not read: save the sheet as CSV (UTF-8) in Excel or LibreOffice.";
constexpr std::string_view kPickle =
    "a pickle is not read, as it may run code: in Python, numpy.savez('data.npz', x=array) saves an array, "
    "and "
    "table.to_csv('data.csv', index=False) a table of pandas.";
constexpr std::string_view kTorch =
    "a file of PyTorch is not read: in Python, numpy.savez('data.npz', x=tensor.numpy()) saves a tensor.";
constexpr std::string_view kR =
    "a file of R is not read: in R, write.csv(table, \"data.csv\", row.names = FALSE) saves a table.";
constexpr std::string_view kFeather =
    "Feather is not read: in Python, pandas.read_feather('FILE').to_csv('data.csv', index=False) converts "
    "it.";

constexpr Format kFormats[] = {
    {".parquet",
     "Parquet is not read: in Python, pandas.read_parquet('FILE').to_csv('data.csv', index=False) converts "
     "it."},
    {".feather", kFeather},
    {".arrow", kFeather},
    {".xlsx", kExcel},
    {".xls", kExcel},
    {".pkl", kPickle},
    {".pickle", kPickle},
    {".pt", kTorch},
    {".pth", kTorch},
    {".rdata", kR},
    {".rda", kR},
    {".rds", kR},
};

}  // namespace

std::string_view conversion_advice(const std::filesystem::path& file) {
  const std::string ending = lower(file.extension().string());
  for (const auto& format : kFormats) {
    if (format.ending == ending) return format.advice;
  }
  return {};
}

}  // namespace elbo::data
