#include "data/sources/pictures.h"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "data/sources/array.h"
#include "data/sources/picture_file.h"
#include "elbo/device.h"

namespace elbo::data {
namespace {

namespace fs = std::filesystem;

/// Calls use(i, file) for each file, on all threads. Returns what each file's call threw, null where nothing.
template <class Use>
std::vector<std::exception_ptr> for_each_file(const std::vector<fs::path>& paths, const Use& use) {
  const auto count = static_cast<std::int64_t>(paths.size());
  std::vector<std::exception_ptr> failures(paths.size());
#pragma omp parallel for schedule(dynamic, 16) num_threads(cpu_threads()) if (count > 64)
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    try {
      use(at, paths[at]);
    } catch (...) {
      failures[at] = std::current_exception();
    }
  }
  return failures;
}

/// Files that cannot be read, of which data.skip_bad may be left out.
class BadFiles {
 public:
  /// Errors name the setting if `advise`.
  BadFiles(std::int64_t allowed, bool advise) : allowed_(allowed), advise_(advise) {}

  /// Counts a file with its error, which is one of elbo's; rethrows any other, and this one if there are too
  /// many files.
  void add(const fs::path& file, const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const DataError& error) {
      count<DataError>(file, error);
    } catch (const IoError& error) {
      count<IoError>(file, error);
    }
  }

  void tell(std::vector<std::string>& notes) const {
    if (count_ == 0) return;
    notes.push_back(concat(count_,
                           count_ == 1 ? " file that cannot be read was" : " files that cannot be read were",
                           " skipped (data.skip_bad): ", names_, count_ > kNamed ? " and others" : ""));
  }

 private:
  static constexpr std::int64_t kNamed = 10;

  template <class Error>
  void count(const fs::path& file, const Error& error) {
    if (count_++ == 0) first_ = error.what();
    if (count_ <= kNamed) names_ += (names_.empty() ? "" : ", ") + file.string();
    if (count_ <= allowed_) return;
    if (!advise_) throw Error(first_);
    throw Error(
        concat(first_, "\ndata.skip_bad leaves out up to that many such files; it is ", allowed_, "."));
  }

  std::int64_t allowed_;
  bool advise_;
  std::int64_t count_ = 0;
  std::string first_;
  std::string names_;
};

/// A split's files with their headers.
struct Split {
  PictureFiles files;
  std::vector<PictureHeader> headers;
};

/// Removes the rows, each `width` values, whose failure is not null.
template <class T>
void remove_failed(std::vector<T>& values, std::size_t width,
                   const std::vector<std::exception_ptr>& failures) {
  if (values.empty()) return;
  auto to = values.begin();
  for (std::size_t i = 0; i < failures.size(); ++i) {
    if (failures[i]) continue;
    const auto from = values.begin() + static_cast<std::ptrdiff_t>(i * width);
    to = to == from ? to + static_cast<std::ptrdiff_t>(width)
                    : std::move(from, from + static_cast<std::ptrdiff_t>(width), to);
  }
  values.erase(to, values.end());
}

/// Adds failed files to the bad ones. Returns whether there are any.
bool count_bad(const std::vector<fs::path>& paths, const std::vector<std::exception_ptr>& failures,
               BadFiles& bad) {
  bool any = false;
  for (std::size_t i = 0; i < failures.size(); ++i) {
    if (!failures[i]) continue;
    bad.add(paths[i], failures[i]);
    any = true;
  }
  return any;
}

Split read_headers(PictureFiles files, BadFiles& bad) {
  Split split{std::move(files), {}};
  split.headers.resize(split.files.paths.size());
  const auto failures = for_each_file(split.files.paths, [&](std::size_t i, const fs::path& file) {
    split.headers[i] = read_picture_header(file);
  });
  if (count_bad(split.files.paths, failures, bad)) {
    remove_failed(split.files.paths, 1, failures);
    remove_failed(split.files.labels, 1, failures);
    remove_failed(split.headers, 1, failures);
  }
  return split;
}

using Splits = std::array<Split, 3>;

/// The number of pictures of which `is` holds.
template <class Is>
std::int64_t count_pictures(const Splits& splits, const Is& is) {
  std::int64_t count = 0;
  for (const auto& split : splits) count += std::ranges::count_if(split.headers, is);
  return count;
}

/// Throws DataError naming the first picture that differs from the first one.
void check_one_shape(const Splits& splits, const PictureShape& first, bool any_channels) {
  for (const auto& split : splits) {
    for (std::size_t i = 0; i < split.headers.size(); ++i) {
      const PictureShape shape = shown_shape(split.headers[i]);
      const bool one_size = shape.height == first.height && shape.width == first.width;
      if (one_size && (any_channels || shape.channels == first.channels)) continue;
      throw DataError(concat(
          split.files.paths[i].string(), ": is ", describe(shape), ", but the first picture is ",
          describe(first), ".\nAll pictures need one size and one kind: ",
          one_size ? "data.channels brings them to one kind."
                   : "data.picture_size or data.resize brings them to one size, data.channels to one kind."));
    }
  }
}

/// The shape that all pictures are brought to.
PictureShape common_shape(const Splits& splits, const std::optional<PictureShape>& resize) {
  const PictureShape first = shown_shape(splits[0].headers[0]);
  const PictureShape wanted = resize.value_or(PictureShape{0, 0, 0});
  if (!wanted.is_picture()) {
    check_one_shape(splits, first, wanted.channels != 0);
    return {first.height, first.width, wanted.channels != 0 ? wanted.channels : first.channels};
  }
  if (wanted.channels != 0) return wanted;
  const bool colour =
      count_pictures(splits, [](const auto& header) { return header.stored.channels == 3; }) > 0;
  return {wanted.height, wanted.width, colour ? 3 : 1};
}

/// Says what happens to pictures.
std::vector<std::string> tell(const Splits& splits, const PictureForm& form) {
  const std::int64_t all = count_pictures(splits, [](const auto&) { return true; });
  std::vector<std::string> notes;
  const auto note = [&](const std::string& what, const auto& is) {
    const std::int64_t count = count_pictures(splits, is);
    if (count > 0) notes.push_back(concat(count, " of ", all, all == 1 ? " picture " : " pictures ", what));
  };
  note("were turned, as their EXIF orientation says",
       [](const auto& header) { return header.orientation != 1; });
  note("have 16 bits a value: all values are read as floats from 0 to 1",
       [](const auto& header) { return header.wide; });
  note(form.background ? concat("have transparency and were laid over the grey level ", int{*form.background},
                                " (data.background)")
                       : std::string("have transparency, which was dropped (data.background lays them over "
                                     "a grey level)"),
       [](const auto& header) { return header.alpha; });
  note("have several pages, of which the first was read",
       [](const auto& header) { return header.pages > 1; });
  const auto sized = [&](const PictureShape& shape) {
    return shape.height == form.shape.height && shape.width == form.shape.width;
  };
  const bool cropped =
      count_pictures(splits, [&](const auto& header) { return !sized(shown_shape(header)); }) > 0;
  note(concat("were brought to ", describe(form.shape), cropped ? ", the middle of each (" : " (",
              !cropped                                ? "data.channels)"
              : form.shape.height == form.shape.width ? "data.picture_size)"
                                                      : "data.resize)"),
       [&](const auto& header) { return shown_shape(header) != form.shape; });
  return notes;
}

template <class T>
void decode(const Split& split, const PictureForm& form, std::vector<T>& values, Part& part, BadFiles& bad) {
  const auto dims = static_cast<std::size_t>(part.examples.dims);
  const auto& paths = split.files.paths;
  values.resize(paths.size() * dims);
  const auto failures = for_each_file(paths, [&](std::size_t i, const fs::path& file) {
    read_picture(file, form, std::span(values).subspan(i * dims, dims));
  });
  part.examples.labels = split.files.labels;
  if (count_bad(paths, failures, bad)) {
    remove_failed(values, dims, failures);
    remove_failed(part.examples.labels, 1, failures);
  }
  part.examples.count = static_cast<std::int64_t>(values.size() / dims);
}

Part load_part(const Split& split, const PictureForm& form, bool wide, BadFiles& bad) {
  Part part;
  part.origin = part.examples.origin = split.files.origin;
  part.picture = form.shape;
  part.examples.dims = form.shape.height * form.shape.width * form.shape.channels;
  if (wide) {
    decode(split, form, part.examples.floats, part, bad);
  } else {
    decode(split, form, part.examples.bytes, part, bad);
  }
  return part;
}

/// What an error of elbo's says; rethrows others.
std::string message_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.what();
  }
}

/// How many pictures have each height, width and number of channels.
using SizeCounts = std::map<std::array<std::int64_t, 3>, std::int64_t>;

/// The split's examples and labels, by the files' headers.
SplitSummary summarize_split(const PictureFiles& files, const std::vector<std::string>& label_names,
                             SizeCounts& sizes, std::vector<std::string>& unread) {
  SplitSummary split;
  std::vector<PictureHeader> headers(files.paths.size());
  const auto failures = for_each_file(
      files.paths, [&](std::size_t i, const fs::path& file) { headers[i] = read_picture_header(file); });
  std::map<std::int32_t, std::int64_t> labels;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (failures[i]) {
      unread.push_back(message_of(failures[i]));
      continue;
    }
    ++split.examples;
    if (!files.labels.empty()) ++labels[files.labels[i]];
    const PictureShape shape = shown_shape(headers[i]);
    ++sizes[{shape.height, shape.width, shape.channels}];
  }
  for (const auto& [label, count] : labels) {
    const auto at = static_cast<std::size_t>(label);
    split.labels.emplace_back(label_names.empty() ? std::to_string(label) : label_names[at], count);
  }
  std::ranges::stable_sort(split.labels, std::ranges::greater(), &Frequencies::value_type::second);
  return split;
}

}  // namespace

PictureSummary describe_pictures(const PictureFolder& pictures) {
  constexpr std::array kNames = {"train", "validation", "test"};
  PictureSummary summary;
  SizeCounts sizes;
  summary.notes = pictures.notes;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const PictureFiles& files = pictures.splits[i];
    if (files.paths.empty()) continue;
    summary.splits.push_back(summarize_split(files, pictures.label_names, sizes, summary.unread));
    summary.splits.back().name = kNames[i];
  }
  for (const auto& [size, count] : sizes)
    summary.sizes.push_back({PictureShape{size[0], size[1], size[2]}, count});
  std::ranges::stable_sort(summary.sizes, std::ranges::greater(), &PictureSize::pictures);
  return summary;
}

PictureFolder single_picture(const fs::path& file) {
  PictureFolder pictures;
  pictures.splits[0] = {{file}, {}, file.string()};
  return pictures;
}

Dataset load_pictures(PictureFolder pictures, std::string name, const LoadOptions& options) {
  BadFiles bad(options.skip_bad, pictures.count() > 1);
  Splits splits;
  for (std::size_t i = 0; i < splits.size(); ++i)
    splits[i] = read_headers(std::move(pictures.splits[i]), bad);
  if (splits[0].headers.empty())
    throw DataError(concat(splits[0].files.origin, ": holds no pictures to train on"));
  const PictureForm form{common_shape(splits, options.resize), options.background};
  const bool wide = count_pictures(splits, [](const auto& header) { return header.wide; }) > 0;
  Part train = load_part(splits[0], form, wide, bad);
  Part validation = load_part(splits[1], form, wide, bad);
  Part test = load_part(splits[2], form, wide, bad);
  Dataset data = assemble(std::move(name), std::move(train), std::move(validation), std::move(test));
  data.label_names = std::move(pictures.label_names);
  data.notes = std::move(pictures.notes);
  bad.tell(data.notes);
  for (auto& note : tell(splits, form)) data.notes.push_back(std::move(note));
  return data;
}

Dataset load_picture(const fs::path& file, std::string name, const LoadOptions& options) {
  return load_pictures(single_picture(file), std::move(name), options);
}

}  // namespace elbo::data
