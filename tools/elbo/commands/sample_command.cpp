// elbo sample

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "commands/command.h"
#include "commands/label_option.h"
#include "drawing/figures.h"
#include "commands/run_argument.h"
#include "reports/report.h"
#include "base/check.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

struct SampleOptions {
  std::string run, out;
  GivenOptions given;
  Machine machine;
  std::optional<std::int64_t> count;
  std::int64_t manifold = 0;
  std::uint64_t seed = 1;
  bool draw = false;
};

int write_manifold(const Model& model, const SampleOptions& options, const GivenConditions& given) {
  if (model.latent() != 2 || !model.picture().is_picture() || !model.has_prior()) {
    throw ConfigError(
        "--manifold needs a VAE of pictures whose latent has two dimensions; train one with --set "
        "model.latent=2.");
  }
  const auto file =
      options.out.empty() ? output_folder(options.run) / "manifold.png" : std::filesystem::path(options.out);
  file_kind(file, {FileKind::png});
  draw_manifold(model, options.manifold, same_conditions(model, options.manifold * options.manifold, given))
      .write_png(file);
  const std::string told = same_told(model, given);
  std::cout << file.string() << ": the latent plane at " << options.manifold << " x " << options.manifold
            << " points, decoded" << (told.empty() ? "" : concat(" with ", told)) << '\n';
  return 0;
}

/// Rows of the seed's sequence, and their conditions if the model is conditional.
struct Samples {
  Table rows, conditions;
};

/// Rows [first, first + count).
Samples sample_rows(const Model& model, const SampleOptions& options, const GivenConditions& given,
                    std::int64_t first, std::int64_t count) {
  LabelledCodes from = codes_of_all_labels(model, options.seed, first, count, given);
  if (!options.draw) return {decoded(model, from), std::move(from.conditions)};
  Table drawn = is_conditional(model) ? model.draw(from.codes, options.seed, first, from.conditions)
                                      : model.draw(from.codes, options.seed, first);
  return {std::move(drawn), std::move(from.conditions)};
}

// Writes in chunks, so that memory does not grow with the number of samples.
void write_table(const Model& model, const SampleOptions& options, const GivenConditions& given,
                 std::int64_t count, const std::filesystem::path& file, FileKind kind) {
  constexpr std::int64_t kRows = 4096;
  const bool texts = kind == FileKind::csv;
  TableFile table(file, count, value_names(model),
                  texts ? condition_names(model) : std::vector<std::string>());
  table.write_as(modelled_columns(model.schema()));
  for (std::int64_t first = 0; first < count; first += kRows) {
    const Samples samples = sample_rows(model, options, given, first, std::min(kRows, count - first));
    table.append(samples.rows, texts ? condition_texts(model, samples.conditions)
                                     : std::vector<std::vector<std::string>>());
  }
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
  const GivenConditions given = given_conditions(model, options.given);
  if (options.manifold > 0) return write_manifold(model, options, given);
  const bool drawable = model.picture().is_picture() || is_planar(model);
  const auto file = options.out.empty()
                        ? output_folder(options.run) / (drawable ? "samples.png" : "samples.csv")
                        : std::filesystem::path(options.out);
  auto kinds = std::vector{FileKind::npy, FileKind::csv};
  if (drawable) kinds.push_back(FileKind::png);
  const FileKind kind = file_kind(file, kinds);
  const std::int64_t columns = columns_of_labels(model, given);
  const std::int64_t count = options.count.value_or(shown_samples(model, given));
  model.prior_codes(0, options.seed);  // throws if there is no prior, before a file is begun
  if (kind == FileKind::png) {
    check_picture_size(model, count);
    draw_samples(model, sample_rows(model, options, given, 0, count).rows, nullptr,
                 {.drawn = options.draw, .columns = columns})
        .write_png(file);
  } else {
    write_table(model, options, given, count, file, kind);
  }
  std::cout << file.string() << ": " << count
            << (options.draw ? " draws of z from the prior and of x from p(x|z)"
                             : " draws from the prior, decoded")
            << conditions_told(model, given) << '\n';
  return 0;
}

}  // namespace

void add_sample(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("sample", "Draw from a trained model");
  auto options = std::make_shared<SampleOptions>();
  add_run(*command, options->run);
  command
      ->add_option("-n,--count", options->count,
                   "Number of samples [144; of a conditional model 12 with each label]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}));
  add_seed(*command, options->seed, "Which");
  add_given(*command, options->given, "each level in turn, numbers at the training data's mean");
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
