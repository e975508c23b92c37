#include "vae/prior/grid.h"

#include "base/check.h"

namespace elbo {

Table quantile_grid(std::int64_t latent, std::int64_t side,
                    const std::function<double(std::size_t, double)>& quantile) {
  if (latent != 2) throw ConfigError(concat("a grid is of codes with two dimensions, not ", latent));
  std::vector<float> quantiles[2];
  for (std::size_t d = 0; d < 2; ++d) {
    for (std::int64_t i = 0; i < side; ++i) {
      const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(side);
      quantiles[d].push_back(static_cast<float>(quantile(d, share)));
    }
  }
  Table grid{side * side, 2, {}};
  for (std::int64_t row = side; row-- > 0;) {
    const float y = quantiles[1][static_cast<std::size_t>(row)];
    for (const float x : quantiles[0]) grid.values.insert(grid.values.end(), {x, y});
  }
  return grid;
}

}  // namespace elbo
