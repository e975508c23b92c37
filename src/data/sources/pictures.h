#pragma once
// A folder of PNG and JPEG pictures.

#include <filesystem>
#include <string>

#include "elbo/dataset.h"

namespace elbo::data {

/// Whether the folder, or a folder up to two levels below it, holds a .png, .jpg or .jpeg.
bool is_picture_folder(const std::filesystem::path& folder);

/// Loads the pictures, grey or in colour (transparency is dropped), in the order of their paths. All must
/// have one shape, or are resized to `resize`, whose channels may be 0: 3 if any picture
/// is in colour, else 1. Pictures in sub-folders are labelled by them: by number if all sub-folders have
/// numbers as names, else by their sorted order. Sub-folders train, valid (val, validation) and test are the
/// splits and may have sub-folders for labels themselves. Throws IoError; DataError naming the file that is
/// damaged or, without resizing, differs in shape from the first.
Dataset load_pictures(const std::filesystem::path& folder, std::string name,
                      const std::optional<PictureShape>& resize = {});

}  // namespace elbo::data
