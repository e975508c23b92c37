// Sums over positions × channels, and normalisation by them, on the CPU. Included like ops/simd.h, once per
// instruction set.
#include <algorithm>
#include <cstdint>

#include "ops/norm_rows.h"

#if defined(ELBO_OPS_NORM_LANES_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ELBO_OPS_NORM_LANES_H
#undef ELBO_OPS_NORM_LANES_H
#else
#define ELBO_OPS_NORM_LANES_H
#endif

#include "ops/gradient_lanes.h"
#include "ops/simd.h"

HWY_BEFORE_NAMESPACE();
namespace elbo::ops::HWY_NAMESPACE {

/// Number of channels computed together; their sums stay in the first-level cache.
constexpr std::int64_t kTileChannels = 512;
using TileRoom = float[kTileChannels];

/// Neighbouring channels of a row.
struct ChannelTile {
  std::int64_t first, width;
};

template <class Use>
HWY_INLINE void for_each_tile(std::int64_t channels, const Use& use) {
  for (std::int64_t first = 0; first < channels; first += kTileChannels) {
    use(ChannelTile{first, std::min(kTileChannels, channels - first)});
  }
}

/// Calls use(group, first, end) for the groups with channels [first, end) of the tile, counted from the
/// tile's first channel.
template <class Use>
HWY_INLINE void for_each_group(const ChannelTile& tile, std::int64_t per_group, const Use& use) {
  for (std::int64_t j = 0; j < tile.width;) {
    const std::int64_t group = (tile.first + j) / per_group;
    const std::int64_t end = std::min(tile.width, (group + 1) * per_group - tile.first);
    use(group, j, end);
    j = end;
  }
}

/// Expands one value per group to one per channel of the tile; written to `room`, unless the values already
/// are per channel.
HWY_INLINE const float* spread(const float* of_groups, std::int64_t per_group, const ChannelTile& tile,
                               TileRoom& room) {
  if (per_group == 1) return of_groups + tile.first;
  for_each_group(tile, per_group, [&](std::int64_t group, std::int64_t first, std::int64_t end) {
    std::fill(room + first, room + end, of_groups[group]);
  });
  return room;
}

/// of_groups_g += Σ over the tile's channels in group g.
HWY_INLINE void add_to_groups(float* of_groups, std::int64_t per_group, const ChannelTile& tile,
                              const float* of_channels) {
  using Floats = math::HWY_NAMESPACE::Floats;
  for_each_group(tile, per_group, [&](std::int64_t group, std::int64_t first, std::int64_t end) {
    Floats sum(0.0f);
    math::HWY_NAMESPACE::for_lanes(
        end - first, [&](auto access, std::int64_t j) { sum += access.load(of_channels + first + j); });
    of_groups[group] += sum.sum();
  });
}

/// sums_s,j += Σ_p added_s for p < positions and channels j < width, with the terms from term(access, p, j,
/// added). Each 64 positions are added up separately, so that long sums do not lose small terms.
template <int kSums, class Term>
HWY_INLINE void add_positions(float* const (&sums)[kSums], std::int64_t positions, std::int64_t width,
                              const Term& term) {
  using Floats = math::HWY_NAMESPACE::Floats;
  constexpr std::int64_t kTogether = 64, kChains = 4;
  for (std::int64_t first = 0; first < positions; first += kTogether) {
    const std::int64_t end = std::min(first + kTogether, positions);
    math::HWY_NAMESPACE::for_lanes(width, [&](auto access, std::int64_t j) {
      Floats chains[kChains][kSums];
      for (auto& chain : chains) {
        for (Floats& sum : chain) sum = Floats(0.0f);
      }
      std::int64_t p = first;
      const auto add = [&](Floats(&chain)[kSums], std::int64_t at) {
        Floats added[kSums];
        term(access, at, j, added);
        for (int s = 0; s < kSums; ++s) chain[s] += added[s];
      };
      for (; p + kChains <= end; p += kChains) {
        for (std::int64_t k = 0; k < kChains; ++k) add(chains[k], p + k);
      }
      for (; p < end; ++p) add(chains[0], p);
      for (int s = 0; s < kSums; ++s) {
        const Floats sum = (chains[0][s] + chains[1][s]) + (chains[2][s] + chains[3][s]);
        access.store(access.load(sums[s] + j) + sum, sums[s] + j);
      }
    });
  }
}

template <Activation kActivation>
HWY_INLINE void normalize_tile(const NormForwardRow& row, const ChannelTile& tile, const float* mean,
                               const float* rstd) {
  const float* const gamma = row.of.gamma + tile.first;
  const float* const beta = row.beta + tile.first;
  for (std::int64_t p = 0; p < row.of.positions; ++p) {
    const std::int64_t at = p * row.of.channels + tile.first;
    math::HWY_NAMESPACE::for_lanes(tile.width, [&](auto access, std::int64_t j) {
      const auto normal = math::HWY_NAMESPACE::normalized(access.load(row.of.x + at + j),
                                                          access.load(mean + j), access.load(rstd + j));
      const auto value = access.load(gamma + j) * normal + access.load(beta + j);
      if (row.saved) access.store(value, row.saved + at + j);
      access.store(math::HWY_NAMESPACE::activate<kActivation>(value), row.y + at + j);
    });
  }
}

/// Computes y = act(γ x̂ + β) of an example.
HWY_INLINE void normalize_row(const NormForwardRow& row) {
  TileRoom mean_room, rstd_room;
  for_each_tile(row.of.channels, [&](const ChannelTile& tile) {
    const float* const mean = spread(row.of.mean, row.of.per_group, tile, mean_room);
    const float* const rstd = spread(row.of.rstd, row.of.per_group, tile, rstd_room);
    math::HWY_NAMESPACE::visit_activation(
        row.activation, [&](auto kind) { normalize_tile<kind.value>(row, tile, mean, rstd); });
  });
}

template <Activation kActivation>
HWY_INLINE void gradient_tile(const NormBackwardRow& row, const ChannelTile& tile, const float* mean,
                              const float* rstd, const float* mean_g, const float* mean_product) {
  const float* const gamma = row.of.gamma + tile.first;
  for (std::int64_t p = 0; p < row.of.positions; ++p) {
    const std::int64_t at = p * row.of.channels + tile.first;
    math::HWY_NAMESPACE::for_lanes(tile.width, [&](auto access, std::int64_t j) {
      const auto scale = access.load(rstd + j);
      const auto normal =
          math::HWY_NAMESPACE::normalized(access.load(row.of.x + at + j), access.load(mean + j), scale);
      const auto gradient = math::HWY_NAMESPACE::normalized_gradient(
          access.load(gamma + j) * access.load(row.dy + at + j), normal, scale, access.load(mean_g + j),
          access.load(mean_product + j));
      store_gradient<kActivation>(access, gradient, row.dx, row.saved, at + j, row.accumulate);
    });
  }
}

/// Computes dx of an example. means(tile, mean_g, mean_product) gives pointers to the means of g = γ dy and
/// of g·x̂ for the tile's channels.
template <class Means>
HWY_INLINE void gradient_row(const NormBackwardRow& row, const Means& means) {
  TileRoom mean_room, rstd_room;
  for_each_tile(row.of.channels, [&](const ChannelTile& tile) {
    const float* const mean = spread(row.of.mean, row.of.per_group, tile, mean_room);
    const float* const rstd = spread(row.of.rstd, row.of.per_group, tile, rstd_room);
    const float *mean_g = nullptr, *mean_product = nullptr;
    means(tile, mean_g, mean_product);
    math::HWY_NAMESPACE::visit_activation(row.activation, [&](auto kind) {
      gradient_tile<kind.value>(row, tile, mean, rstd, mean_g, mean_product);
    });
  });
}

}  // namespace elbo::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif  // per-target guard
