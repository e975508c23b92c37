#pragma once
// Pictures in files as data.

#include <filesystem>
#include <string>

#include "data/sources/picture_folder.h"
#include "elbo/dataset.h"
#include "elbo/summary.h"

namespace elbo::data {

/// Loads the pictures of a folder, grey or in colour, each turned by its EXIF orientation. They are bytes; if
/// any has 16 bits a value, all are floats from 0 to 1. All must have one shape, or are brought to
/// options.resize. Up to options.skip_bad files that cannot be read are left out. The dataset's notes say
/// what was changed and left out. Throws IoError, DataError naming the first file that cannot be read or that
/// differs in shape from the first.
Dataset load_pictures(PictureFolder pictures, std::string name, const LoadOptions& options);

/// Describes pictures by their headers alone, whatever their sizes. Files that cannot be read are listed.
PictureSummary describe_pictures(const PictureFolder& pictures);

/// A folder of one picture.
PictureFolder single_picture(const std::filesystem::path& file);

/// Loads one picture as one example. Throws like load_pictures.
Dataset load_picture(const std::filesystem::path& file, std::string name, const LoadOptions& options);

}  // namespace elbo::data
