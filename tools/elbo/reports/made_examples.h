#pragma once
// Examples that a model has made, written in the format of real ones: each with its label and a word that
// says what it was made from.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "elbo/dataset.h"

namespace elbo::command {

struct Made {
  Table rows;
  std::vector<std::string> labels;                        ///< by name; empty where there is none
  std::vector<std::string> sources;                       ///< what each was made from
  std::vector<std::vector<std::string>> conditions = {};  ///< texts of MadeForm::conditions; or empty
};

/// A text table with the labels and sources in front; arrays, of which .npy files hold one each; or pictures
/// in a folder for each label.
enum class MadeKind { csv, tsv, npy, npz, folder };

struct MadeForm {
  std::filesystem::path file;
  MadeKind kind = MadeKind::csv;
  std::int64_t count = 0;                    ///< how many examples
  std::vector<std::string> names;            ///< of their values
  std::vector<Column> columns;               ///< of a table; empty for other data
  PictureShape picture;                      ///< if they are pictures
  bool bytes = false;                        ///< values are bytes, which stand for byte / 255
  bool labels_are_numbers = false;           ///< in arrays
  bool labelled = true;                      ///< whether a text table has a column of labels
  std::vector<std::string> conditions = {};  ///< further columns of text tables: those of model.condition
};

/// Whether only a text table holds examples without a label beside others.
constexpr bool needs_labels(MadeKind kind) {
  return kind != MadeKind::csv && kind != MadeKind::tsv;
}

/// Writes them, completely or not at all; the three files of a .npy one after another, the values last.
class MadeFile {
 public:
  virtual ~MadeFile() = default;
  /// Throws ShapeError if a width differs, IoError.
  virtual void append(const Made& made) = 0;
  /// Throws IoError.
  virtual void commit() = 0;
};

/// Throws IoError if the file cannot be begun.
std::unique_ptr<MadeFile> make_made_file(const MadeForm& form);

std::unique_ptr<MadeFile> make_made_arrays(const MadeForm& form);    ///< .npy and .npz
std::unique_ptr<MadeFile> make_made_pictures(const MadeForm& form);  ///< a folder

/// Where labels and sources are if not in the table, a line; empty: nothing.
std::string beside_of(const MadeForm& form);

/// The files beside a .npy: "more.npy" → "more.labels.npy".
std::filesystem::path beside_npy(const std::filesystem::path& file, const char* what);
/// What lists a folder's pictures.
inline constexpr const char* kManifest = "manifest.csv";

/// Values from 0 to 1 as bytes; others as the nearest.
std::vector<std::uint8_t> to_bytes(const std::vector<float>& values);

}  // namespace elbo::command
