// elbo impute

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "commands/label_option.h"
#include "commands/impute_comparison.h"
#include "reports/report.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "reports/table_file.h"
#include "reports/waiting_line.h"
#include "elbo/traits.h"

namespace elbo::command {
namespace {

/// Samples are drawn until so many are effective: 20 then lie beyond each end of a 90 % interval. Fewer than
/// kFewEffective do not give an interval.
constexpr double kMinEffective = 400.0, kFewEffective = 50.0;

struct ImputeCommandOptions : DataOptions {
  std::string run, truth, out;
  Machine machine;
  std::optional<std::int64_t> samples;  ///< as requested
  std::optional<double> interval;       ///< as requested
  bool classes = false;                 ///< whether some of the model's values are classes
  bool numbers = false;                 ///< whether some are numbers

  std::int64_t first_samples() const { return samples.value_or(100); }
  /// Nothing if no interval is written.
  std::optional<double> interval_probability() const {
    if (!numbers || interval == 0.0) return std::nullopt;
    return interval.value_or(0.9);
  }
  std::uint64_t seed = 0;
  bool json = false;
};

/// "runs/a/imputed.npy" → "runs/a/imputed-low.npy"
std::filesystem::path beside(const std::filesystem::path& file, const std::string& what) {
  return file.parent_path() / (file.stem().string() + "-" + what + file.extension().string());
}

/// The split of `--truth` that corresponds to the completed split.
Examples load_truth(const Model& model, const ImputeCommandOptions& options, const Examples& examples) {
  Dataset truth = load_like(model, options.truth);
  const Recipe& recipe = model.recipe();
  if (is_own_data(model, options.data) && options.split != "all") {
    hold_out(truth, recipe.data.validation, recipe.data.test, recipe.train.seed);
    limit_training(truth, recipe.data.limit);
  }
  std::string name = options.split;
  Examples chosen = choose_split(truth, name);
  if (chosen.count != examples.count || chosen.dims != examples.dims) {
    throw DataError(concat(options.truth, ": its ", name, " split has ", chosen.count, " x ", chosen.dims,
                           " values, the data ", examples.count, " x ", examples.dims,
                           ". The truth needs the data's shape."));
  }
  return chosen;
}

/// The present values of examples [first, first + rows) as their file has them; none if they keep no source.
std::vector<std::vector<SourceCell>> present_cells(const Examples& examples, std::int64_t first,
                                                   const Table& rows) {
  std::vector<std::vector<SourceCell>> cells;
  for (std::int64_t i = 0; examples.source && i < rows.rows; ++i) {
    cells.push_back(examples.source_cells(first + i));
    for (std::size_t j = 0; j < cells.back().size(); ++j) {
      if (std::isnan(rows.row(i)[j])) cells.back()[j] = {};
    }
  }
  return cells;
}

/// The output files: completed rows, and the ends of their intervals or the probabilities of their classes.
class Outputs {
 public:
  Outputs(const std::filesystem::path& file, const ImputeCommandOptions& options, const Examples& examples,
          const std::vector<std::string>& columns, LeadingTexts leading, const std::vector<Column>& as)
      : examples_(examples),
        doubles_(examples.source && examples.source->binary()),
        values_(file, examples.count, columns, leading.names, doubles_),
        leading_(std::move(leading)) {
    values_.write_as(as);
    if (options.classes) probability_.emplace(beside(file, "probability"), examples.count, columns);
    if (!options.interval_probability()) return;
    const std::vector<std::string> no_texts;
    low_.emplace(beside(file, "low"), examples.count, columns, no_texts, doubles_);
    high_.emplace(beside(file, "high"), examples.count, columns, no_texts, doubles_);
    low_->write_as(as);
    high_->write_as(as);
  }
  /// `rows` are those that were completed.
  void append(const Table& rows, const Imputation& completed) {
    const auto present = present_cells(examples_, written_, rows);
    auto texts = std::span<const std::vector<std::string>>(leading_.rows);
    if (!texts.empty())
      texts = texts.subspan(static_cast<std::size_t>(written_), static_cast<std::size_t>(rows.rows));
    values_.append(completed.values, texts, present);
    written_ += rows.rows;
    if (probability_) probability_->append(completed.probability);
    if (low_) low_->append(completed.low, {}, present);
    if (high_) high_->append(completed.high, {}, present);
  }
  void commit() {
    values_.commit();
    for (auto* beside : {&probability_, &low_, &high_}) {
      if (*beside) (*beside)->commit();
    }
  }

 private:
  const Examples& examples_;
  bool doubles_;
  TableFile values_;
  LeadingTexts leading_;
  std::int64_t written_ = 0;
  std::optional<TableFile> probability_, low_, high_;
};

struct Totals {
  std::int64_t missing = 0;
  double effective_samples = 0.0;  ///< summed over rows
  std::int64_t few = 0;            ///< rows with fewer effective samples than intervals need
};

/// `split` is what the examples are called.
void report(const ImputeCommandOptions& options, const std::filesystem::path& file, const Examples& examples,
            const std::string& split, const Totals& totals, const std::optional<Comparison>& comparison) {
  const double effective = totals.effective_samples / static_cast<double>(examples.count);
  if (options.json) {
    Json json = {{"run", options.run},
                 {"split", options.split},
                 {"examples", examples.count},
                 {"missing", totals.missing},
                 {"samples", options.first_samples()},
                 {"effective_samples", effective},
                 {"few_effective_samples", totals.few},
                 {"out", file.string()}};
    if (const auto interval = options.interval_probability()) json["interval"] = *interval;
    if (comparison) add_comparison(json, *comparison, options.interval_probability().has_value());
    return print(json);
  }
  std::cout << file.string() << ": " << totals.missing << " missing values of " << examples.count << ' '
            << split << " examples filled in (" << options.first_samples()
            << (options.samples ? " samples, of which " : " samples or more, of which ") << effective
            << " are effective)\n";
  if (options.classes) {
    std::cout << beside(file, "probability").string() << ": the probability of each imputed class\n";
  }
  if (const auto interval = options.interval_probability()) {
    std::cout << beside(file, "low").string() << ", " << beside(file, "high").string() << ": ends of the "
              << 100.0 * *interval << " % intervals\n";
  }
  if (totals.few > 0 && options.interval_probability()) {
    std::cout << totals.few << " examples have fewer than " << kFewEffective
              << " effective samples: their intervals are rough\n";
  }
  if (comparison) print_comparison(*comparison, options.interval_probability().has_value());
}

int run_impute(ImputeCommandOptions options) {
  auto model = load_model(options.run, options.machine);
  if (!model.has_prior()) {
    throw ConfigError("impute needs a VAE: an autoencoder defines no density to complete data by.");
  }
  for (const bool is_class : model.class_columns()) (is_class ? options.classes : options.numbers) = true;
  if (!options.numbers && options.interval && *options.interval != 0.0) {
    throw ConfigError(
        "--interval: this model's values are classes, which have no order and so no interval. Without it, "
        "the "
        "probability of each imputed class is written to FILE-probability.");
  }
  const char* const usual = model.schema().empty() ? "imputed.npy" : "imputed.csv";
  const std::filesystem::path file =
      options.out.empty() ? output_folder(options.run) / usual : std::filesystem::path(options.out);
  const bool texts = file_kind(file, {FileKind::npy, FileKind::csv}) == FileKind::csv;
  options.keep_source = true;
  const Dataset data = load_data(model, options);
  const auto& examples = choose_split(data, options.split);
  std::optional<Examples> truth;
  std::optional<Comparison> comparison;
  if (!options.truth.empty()) {
    truth = load_truth(model, options, examples);
    comparison.emplace(model, data.train.empty() ? examples : data.train, *truth);
  }
  Outputs outputs(file, options, examples, value_names(model, data.columns),
                  texts ? leading_texts(examples, data) : LeadingTexts(), modelled_columns(model.schema()));
  Totals totals;
  std::int64_t first = 0;
  WaitingLine line("imputing");
  in_chunks(examples, 0, examples.count, [&](const Examples& part) {
    const Table rows = to_table(part, 0, part.count);
    const Imputation completed =
        model.impute(rows, {.samples = options.first_samples(),
                            .min_effective = options.samples ? 0.0 : kMinEffective,
                            .interval = options.interval_probability(),
                            .seed = options.seed,
                            .first_row = first,
                            .conditions = conditions_read(model, part, options.seed)});
    outputs.append(rows, completed);
    totals.missing += completed.missing;
    for (const double count : completed.effective_samples) {
      totals.effective_samples += count;
      totals.few += count < kFewEffective;
    }
    if (comparison) comparison->add(rows, completed, first);
    first += rows.rows;
    line.done(static_cast<double>(first) / static_cast<double>(examples.count));
  });
  outputs.commit();
  report(options, file, examples, split_label(model, options.data, data, options.split), totals, comparison);
  return 0;
}

}  // namespace

void add_impute(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "impute", "Impute missing values (NaN), each with an interval or a class's probability");
  auto options = std::make_shared<ImputeCommandOptions>();
  add_run(*command, options->run);
  add_data_options(*command, *options);
  command->add_option("--mask", options->mask,
                      "Mask of the data: 0 where a value is missing, else 1 [the recipe's]");
  command
      ->add_option(
          "--samples", options->samples,
          "Importance-weighted samples per example [100, and more where fewer than 50 are effective]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 26));
  command
      ->add_option("--interval", options->interval,
                   "Probability of the central interval, written to FILE-low and FILE-high; 0: none; classes "
                   "have none, but FILE-probability")
      ->default_str("0.9");
  command->add_option("--out", options->out, "A .npy or .csv file [imputed.npy in RUN]");
  command->add_option(
      "--truth", options->truth,
      "Complete data, to report the error and that of each column's mean or most frequent class");
  add_seed(*command, options->seed, "Seed of the noise");
  add_machine(*command, options->machine);
  command->add_flag("--json", options->json, "Results as one JSON object");
  command->callback([options, &action] { action = [options] { return run_impute(*options); }; });
}

}  // namespace elbo::command
