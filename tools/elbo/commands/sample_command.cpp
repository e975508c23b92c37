// elbo sample

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>

#include "commands/command.h"
#include "drawing/figures.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

struct SampleOptions {
  std::string run, out;
  Machine machine;
  std::int64_t count = 144;
  std::int64_t manifold = 0;
  std::uint64_t seed = 1;
  bool draw = false;
};

int write_manifold(const Model& model, const SampleOptions& options) {
  if (model.latent() != 2 || !model.picture().is_picture() || !model.has_prior()) {
    throw ConfigError(
        "--manifold needs a VAE of pictures whose latent has two dimensions; train one with --set "
        "model.latent=2.");
  }
  const auto file =
      options.out.empty() ? output_folder(options.run) / "manifold.png" : std::filesystem::path(options.out);
  file_kind(file, {FileKind::png});
  draw_manifold(model, options.manifold).write_png(file);
  std::cout << file.string() << ": the latent plane at " << options.manifold << " x " << options.manifold
            << " points, decoded\n";
  return 0;
}

// Rows [first, first + count) of the seed's sequence.
Table sample_rows(const Model& model, const SampleOptions& options, std::int64_t first, std::int64_t count) {
  const Table codes = model.prior_codes(count, options.seed, first);
  return options.draw ? model.draw(codes, options.seed, first) : model.decode(codes);
}

// Writes in chunks, so that memory does not grow with the number of samples.
void write_table(const Model& model, const SampleOptions& options, const std::filesystem::path& file) {
  constexpr std::int64_t kRows = 4096;
  TableFile table(file, options.count, value_names(model));
  table.write_as(modelled_columns(model.schema()));
  for (std::int64_t first = 0; first < options.count; first += kRows)
    table.append(sample_rows(model, options, first, std::min(kRows, options.count - first)));
  table.commit();
}

// Throws before drawing a picture that no file could hold.
void check_picture_size(const Model& model, std::int64_t count) {
  if (!model.picture().is_picture() || count <= std::numeric_limits<int>::max() / (3 * model.dims())) return;
  throw ConfigError(
      concat(count, " pictures are too many for one PNG file; ask for fewer, or name a .npy file."));
}

int run_sample(const SampleOptions& options) {
  auto model = load_model(options.run, options.machine);
  if (options.manifold > 0) return write_manifold(model, options);
  const bool drawable = model.picture().is_picture() || is_planar(model);
  const auto file = options.out.empty()
                        ? output_folder(options.run) / (drawable ? "samples.png" : "samples.csv")
                        : std::filesystem::path(options.out);
  auto kinds = std::vector{FileKind::npy, FileKind::csv};
  if (drawable) kinds.push_back(FileKind::png);
  const FileKind kind = file_kind(file, kinds);
  model.sample(0, options.seed);  // throws if there is no prior, before a file is begun
  if (kind == FileKind::png) {
    check_picture_size(model, options.count);
    draw_samples(model, sample_rows(model, options, 0, options.count), nullptr, options.draw).write_png(file);
  } else {
    write_table(model, options, file);
  }
  std::cout << file.string() << ": " << options.count
            << (options.draw ? " draws of z from the prior and of x from p(x|z)\n"
                             : " draws from the prior, decoded\n");
  return 0;
}

}  // namespace

void add_sample(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("sample", "Draw from a trained model");
  auto options = std::make_shared<SampleOptions>();
  add_run(*command, options->run);
  command->add_option("-n,--count", options->count, "Number of samples")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}))
      ->capture_default_str();
  add_seed(*command, options->seed, "Which");
  command->add_option("--out", options->out, "A .png, .npy or .csv file [samples.png in RUN, replaced]");
  auto* draw = command->add_flag("--draw", options->draw,
                                 "Draw x from p(x|z); without it, x is the mean or the most probable class");
  command
      ->add_option("--manifold", options->manifold,
                   "Instead, decode N x N points of a two-dimensional latent space")
      ->expected(0, 1)
      ->default_str("20")
      ->check(CLI::Range(1, 200))
      ->type_name("N")
      ->excludes(draw);
  add_machine(*command, options->machine);
  command->callback([options, &action] { action = [options] { return run_sample(*options); }; });
}

}  // namespace elbo::command
