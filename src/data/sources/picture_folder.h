#pragma once
// Which pictures a folder holds: their splits and labels by the names of its sub-folders.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace elbo::data {

/// The pictures of a split in the order of their paths.
struct PictureFiles {
  std::vector<std::filesystem::path> paths;
  std::vector<std::int32_t> labels;  ///< one a picture, or empty
  std::string origin;                ///< the folder, for errors
};

/// The pictures of a folder.
struct PictureFolder {
  std::array<PictureFiles, 3> splits;    ///< train, validation, test
  std::vector<std::string> label_names;  ///< of labels 0, 1, …; empty if all are called by numbers
  std::vector<std::string> notes;        ///< what was taken for a split and what was left out

  std::size_t count() const {
    return splits[0].paths.size() + splits[1].paths.size() + splits[2].paths.size();
  }
};

/// Lists a folder of pictures. Sub-folders called train (training), valid (val, validation) and test
/// (testing), in any case, are its splits if there is one for train. The first sub-folder below a split, or
/// below the folder if it has no splits, is the label of all pictures below it, however deep: by number if
/// all are called by numbers, else by their sorted order. Where all training pictures are in a sub-folder
/// good and other splits have more, as in MVTec's data, good is 0. Hidden entries are not looked at. Throws
/// IoError; DataError if two folders would be the same split, if pictures lie both beside and in sub-folders,
/// or if a sub-folder has splits of its own.
PictureFolder find_pictures(const std::filesystem::path& folder);

}  // namespace elbo::data
