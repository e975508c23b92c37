#pragma once
// LZF, the compression that h5py and so many .h5ad files use (http://software.schmorp.de/pkg/liblzf.html).

#include <cstddef>
#include <cstdint>
#include <span>

namespace elbo::data {

/// Decompresses `packed` into `out`, both bytes. Returns the number written, or 0 if the data is damaged or
/// does not fit.
std::size_t unpack_lzf(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out) noexcept;

}  // namespace elbo::data
