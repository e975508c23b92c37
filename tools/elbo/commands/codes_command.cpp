// elbo encode, elbo decode

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <optional>

#include "drawing/code_map.h"
#include "commands/command.h"
#include "commands/label_option.h"
#include "drawing/pictures.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "reports/table_file.h"
#include "reports/waiting_line.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kMappedExamples = 10000;

struct EncodeOptions : DataOptions {
  std::string run, out;
  Machine machine;
  std::string map;
  std::optional<std::int64_t> count;
  bool log_variance = false;
};

struct DecodeOptions {
  std::string run, codes, out;
  GivenOptions given;
  Machine machine;
};

// Joins [mean | log-variance] in one table.
Table joined(const Posterior& posterior) {
  const auto& [mean, log_variance] = posterior;
  Table rows{mean.rows, mean.cols + log_variance.cols, {}};
  for (std::int64_t i = 0; i < mean.rows; ++i) {
    const auto left = mean.row(i), right = log_variance.row(i);
    rows.values.insert(rows.values.end(), left.begin(), left.end());
    rows.values.insert(rows.values.end(), right.begin(), right.end());
  }
  return rows;
}

// Writes the codes of some examples in the plane, as a picture or as a table of points.
int write_map(const Model& model, const Dataset& data, const Examples& examples, const EncodeOptions& options,
              FileKind kind) {
  const Examples chosen = examples.evenly_spaced(options.count.value_or(kMappedExamples));
  const auto map = options.map.empty() ? default_map(model.latent()) : options.map;
  Panel panel = waiting(map == "tsne" ? "t-SNE of the codes" : "map of the codes",
                        [&] { return lay_out(model.encode(chosen).mean, map); });
  panel.title += concat(", ", split_label(model, options.data, data, options.split), " data of ",
                        std::filesystem::path(data.name).filename().string());
  panel.groups = chosen.labels;
  panel.group_names = data.label_names;
  if (kind == FileKind::png) {
    draw_scatter({panel}).write_png(options.out);
  } else if (kind == FileKind::svg) {
    draw_scatter_svg({panel}).write(options.out);
  } else {
    const bool texts = kind == FileKind::csv;
    const LeadingTexts leading = texts ? leading_texts(chosen, data) : LeadingTexts();
    TableFile table(options.out, panel.points.rows, numbered(map, panel.points.cols), leading.names);
    table.append(panel.points, leading.rows);
    table.commit();
  }
  std::cout << options.out << ": the codes of " << chosen.count << ' '
            << split_label(model, options.data, data, options.split) << ' ' << unit_of(model.picture())
            << ", in the plane" << (map == "none" ? "" : " by ") << (map == "none" ? "" : map) << '\n';
  return 0;
}

int write_codes(const Model& model, const Dataset& data, const Examples& examples,
                const EncodeOptions& options) {
  auto columns = numbered("z", model.latent());
  if (options.log_variance) {
    for (auto& name : numbered("log_variance", model.latent())) columns.push_back(std::move(name));
  }
  const auto count = std::min(options.count.value_or(examples.count), examples.count);
  const bool all = count == examples.count;
  const Examples some = all ? Examples() : examples.evenly_spaced(count);
  const Examples& chosen = all ? examples : some;
  const bool texts = file_kind(options.out, {FileKind::npy, FileKind::csv}) == FileKind::csv;
  const LeadingTexts leading = texts ? leading_texts(chosen, data) : LeadingTexts();
  TableFile table(options.out, count, columns, leading.names);
  std::size_t first = 0;
  in_chunks(chosen, 0, count, [&](const Examples& rows) {
    const auto posterior = model.encode(rows);
    const std::size_t there = leading.rows.empty() ? 0 : static_cast<std::size_t>(rows.count);
    table.append(options.log_variance ? joined(posterior) : posterior.mean,
                 std::span(leading.rows).subspan(first, there));
    first += there;
  });
  table.commit();
  std::cout << options.out << ": " << count << ' ' << split_label(model, options.data, data, options.split)
            << ' ' << unit_of(model.picture()) << " encoded\n";
  return 0;
}

int run_encode(EncodeOptions options) {
  const auto kind = file_kind(options.out, {FileKind::npy, FileKind::csv, FileKind::png, FileKind::svg});
  const bool picture = kind == FileKind::png || kind == FileKind::svg;
  if (!options.map.empty()) check_map(options.map);
  const bool mapped = picture || (!options.map.empty() && options.map != "none");
  if (mapped && options.log_variance)
    throw ConfigError("--log-variance is for tables of codes, without --map.");
  auto model = load_model(options.run, options.machine);
  if (options.log_variance && !model.has_prior()) {
    throw ConfigError("--log-variance needs a VAE; an autoencoder's codes have none.");
  }
  const auto data = load_data(model, options);
  const auto& examples = choose_split(data, options.split);
  return mapped ? write_map(model, data, examples, options, kind)
                : write_codes(model, data, examples, options);
}

int run_decode(const DecodeOptions& options) {
  auto model = load_model(options.run, options.machine);
  const GivenConditions given = given_conditions(model, options.given);
  require_all(model, given, "a conditional model decodes codes");
  const bool picture = model.picture().is_picture();
  auto kinds = std::vector{FileKind::npy, FileKind::csv};
  if (picture) kinds.push_back(FileKind::png);
  const auto kind = file_kind(options.out, kinds);
  const auto codes = load_dataset(options.codes).train;
  if (codes.dims != model.latent()) {
    throw DataError(concat(options.codes, ": its rows have ", codes.dims, " values; the model's latent has ",
                           model.latent(), "."));
  }
  check_finite(codes, "decoding");
  const auto decode = [&](const Table& z) {
    return decoded(model, {z, same_conditions(model, z.rows, given)});
  };
  if (kind == FileKind::png) {
    const Table rows = decode(to_table(codes, 0, codes.count));
    draw_grid(rows, model.picture(), {.columns = 12}, display_range(rows)).write_png(options.out);
  } else {
    const bool texts = kind == FileKind::csv && is_conditional(model) && !reads_label_alone(model);
    TableFile table(options.out, codes.count, value_names(model),
                    texts ? condition_names(model) : std::vector<std::string>());
    table.write_as(modelled_columns(model.schema()));
    in_chunks(codes, 0, codes.count, [&](const Examples& rows) {
      const auto leading = texts ? condition_texts(model, same_conditions(model, rows.count, given))
                                 : std::vector<std::vector<std::string>>();
      table.append(decode(to_table(rows, 0, rows.count)), leading);
    });
    table.commit();
  }
  std::cout << options.out << ": " << codes.count << " codes decoded\n";
  return 0;
}

}  // namespace

void add_encode(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("encode", "Posterior means of examples, as a table or a picture");
  auto options = std::make_shared<EncodeOptions>();
  add_run(*command, options->run);
  command->add_option("--out", options->out, "A .npy or .csv file, or .png or .svg for a picture")
      ->required();
  command->add_option(
      "--map", options->map,
      "Map of the codes to the plane: none, pca or tsne [tsne for pictures, none for a 2-D latent]");
  command
      ->add_option("-n,--count", options->count, "Number of examples, evenly spaced [all; 10000 for a map]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  add_data_options(*command, *options);
  command->add_flag("--log-variance", options->log_variance,
                    "Write the posterior's log-variances too, as further columns");
  add_machine(*command, options->machine);
  command->callback([options, &action] { action = [options] { return run_encode(*options); }; });
}

void add_decode(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("decode", "Decode codes to data");
  auto options = std::make_shared<DecodeOptions>();
  add_run(*command, options->run);
  command->add_option("--codes", options->codes, "A .npy or .csv file, one code per row")->required();
  command->add_option("--out", options->out, "A .npy or .csv file, or .png for pictures")->required();
  add_given(*command, options->given, "a conditional model needs them all");
  add_machine(*command, options->machine);
  command->callback([options, &action] { action = [options] { return run_decode(*options); }; });
}

}  // namespace elbo::command
