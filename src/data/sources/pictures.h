#pragma once
// A folder of PNG and JPEG pictures.

#include <filesystem>
#include <string>

#include "elbo/dataset.h"

namespace elbo::data {

/// Whether the folder or one below it (two levels) holds a .png, .jpg or .jpeg.
bool is_picture_folder(const std::filesystem::path& folder);

/// The pictures, grey or in colour (transparency is dropped), in the order of their paths: all of one shape, or
/// brought to `resize` where its height is not 0. Its channels may be 0: three where any picture is in colour.
/// Pictures in sub-folders are labelled by them: by number where all sub-folders are named by numbers, else
/// by their place in sorted order. Sub-folders train, valid (val, validation) and test, which may have such
/// sub-folders themselves, are the splits. Throws IoError; DataError naming the file that is damaged or, not
/// resized, of another shape than the first.
Dataset load_pictures(const std::filesystem::path& folder, std::string name, const PictureShape& resize = {});

}  // namespace elbo::data
