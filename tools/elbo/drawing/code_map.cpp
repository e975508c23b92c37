#include "drawing/code_map.h"

#include <cmath>

#include "base/nearest.h"
#include "base/check.h"

namespace elbo::command {
namespace {

std::string component(int number, double share) {
  return concat("component ", number, ", ", std::lround(100.0 * share), " % of variance");
}

Panel principal_panel(const Table& codes) {
  const auto components = principal_components(codes, std::min<std::int64_t>(2, codes.cols));
  const auto& share = components.variance_share;
  Table points = components.projected;
  if (points.cols == 1) {  // codes of one dimension lie on a line
    points = {codes.rows, 2, {}};
    for (const float value : components.projected.values)
      points.values.insert(points.values.end(), {value, 0.0f});
  }
  return {"PCA of the codes",
          std::move(points),
          {},
          0,
          component(1, share[0]),
          share.size() > 1 ? component(2, share[1]) : std::string()};
}

}  // namespace

void check_map(const std::string& map) {
  if (map == "none" || map == "pca" || map == "tsne") return;
  throw ConfigError(concat("--map \"", map, "\" is not known; ", nearest_hint(map, {"none", "pca", "tsne"})));
}

std::string default_map(std::int64_t latent) {
  return latent == 2 ? "none" : latent == 1 ? "pca" : "tsne";
}

Panel lay_out(const Table& codes, const std::string& map) {
  check_map(map);
  if (map == "pca") return principal_panel(codes);
  if (map == "tsne") {
    return {"t-SNE of the codes", tsne(codes), {}, 0, "t-SNE 1", "t-SNE 2"};
  }
  if (codes.cols != 2) {
    throw ConfigError(
        concat("codes of ", codes.cols,
               " dimensions are not points of the plane; --map pca or --map tsne maps them to it."));
  }
  return {"the codes", codes, {}, 0, "z0", "z1"};
}

}  // namespace elbo::command
