#pragma once
// IDX, the format of MNIST: big-endian arrays of bytes, integers or floats, plain or gzipped
// (https://yann.lecun.com/exdb/mnist, "the IDX file format").

#include <filesystem>

#include "data/sources/array.h"

namespace elbo::data {

/// Whether the file starts like an uncompressed IDX file or like gzip. Throws IoError if it cannot be read.
bool looks_like_idx(const std::filesystem::path& file);

/// Throws IoError; DataError if the magic number is wrong, the file is shorter than its declared size, or it
/// has trailing bytes.
Array read_idx(const std::filesystem::path& file);

/// Whether the folder holds train-images-idx3-ubyte or the like, plain or .gz. Throws IoError.
bool has_idx_training(const std::filesystem::path& folder);

/// Whether the folder holds IDX pictures of any split. Throws IoError.
bool is_idx_folder(const std::filesystem::path& folder);

/// Loads a folder of IDX files named like MNIST's: train-…, t10k-… or test-…, valid-… or validation-…; then
/// -images or (optional) -labels; then -idx… or .idx…; then perhaps .gz. Throws IoError, DataError.
Dataset load_idx_folder(const std::filesystem::path& folder, std::string name);

}  // namespace elbo::data
