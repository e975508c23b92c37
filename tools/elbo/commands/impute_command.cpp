// elbo impute

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "reports/report.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "reports/table_file.h"
#include "elbo/traits.h"

namespace elbo::command {
namespace {

struct ImputeCommandOptions {
  std::string run, data, mask, truth, split, out;
  Machine machine;
  std::int64_t samples = 100;
  std::optional<double> interval;  ///< as requested
  bool classes = false;            ///< whether the model's values are classes

  /// Nothing if no interval is written.
  std::optional<double> interval_probability() const {
    if (classes || interval == 0.0) return std::nullopt;
    return interval.value_or(0.9);
  }
  std::uint64_t seed = 0;
  bool json = false;
};

/// "runs/a/imputed.npy" → "runs/a/imputed-low.npy"
std::filesystem::path beside(const std::filesystem::path& file, const std::string& what) {
  return file.parent_path() / (file.stem().string() + "-" + what + file.extension().string());
}

/// The mean of each column's present values; 0 if it has none.
std::vector<double> column_means(const Examples& examples) {
  std::vector<double> sum(static_cast<std::size_t>(examples.dims)), count(sum.size());
  for (std::int64_t i = 0; i < examples.count; ++i) {
    for (std::size_t j = 0; j < sum.size(); ++j) {
      const float value = examples.value(i, static_cast<std::int64_t>(j));
      if (std::isnan(value)) continue;
      sum[j] += value;
      count[j] += 1.0;
    }
  }
  for (std::size_t j = 0; j < sum.size(); ++j) sum[j] /= std::max(count[j], 1.0);
  return sum;
}

/// The most frequent of each column's present values; 0 if it has none.
std::vector<double> column_modes(const Examples& examples) {
  std::vector<double> modes(static_cast<std::size_t>(examples.dims));
  for (std::size_t j = 0; j < modes.size(); ++j) {
    std::map<float, std::int64_t> count;
    for (std::int64_t i = 0; i < examples.count; ++i) {
      const float value = examples.value(i, static_cast<std::int64_t>(j));
      if (!std::isnan(value)) ++count[value];
    }
    const auto modal = std::ranges::max_element(count, {}, &std::pair<const float, std::int64_t>::second);
    if (modal != count.end()) modes[j] = modal->first;
  }
  return modes;
}

/// The error of the imputed values: the root of the mean squared error, or the share of wrong classes; and
/// the same for one guess per column.
class Comparison {
 public:
  /// Guesses come from the present values of `known`, the data's train split.
  Comparison(const Examples& known, const Examples& truth, bool classes)
      : truth_(truth), classes_(classes), guesses_(classes ? column_modes(known) : column_means(known)) {}

  /// Adds rows from `first` on.
  void add(const Table& rows, const Imputation& completed, std::int64_t first) {
    for (std::int64_t i = 0; i < rows.rows; ++i) {
      for (std::int64_t j = 0; j < rows.cols; ++j) {
        const auto at = static_cast<std::size_t>(i * rows.cols + j);
        const double truth = truth_.value(first + i, j);
        if (!std::isnan(rows.values[at]) || std::isnan(truth)) continue;
        ++count_;
        errors_ += error(truth - completed.values.values[at]);
        guess_errors_ += error(truth - guesses_[static_cast<std::size_t>(j)]);
        if (completed.low.values.empty()) continue;
        covered_ += completed.low.values[at] <= truth && truth <= completed.high.values[at];
      }
    }
  }
  std::int64_t count() const { return count_; }
  double of_model() const { return averaged(errors_); }
  double of_guesses() const { return averaged(guess_errors_); }
  double coverage() const { return static_cast<double>(covered_) / static_cast<double>(count_); }

 private:
  double error(double difference) const { return classes_ ? (difference != 0.0) : difference * difference; }
  double averaged(double sum) const {
    const double mean = sum / static_cast<double>(count_);
    return classes_ ? mean : std::sqrt(mean);
  }

  const Examples& truth_;
  bool classes_;
  std::vector<double> guesses_;
  double errors_ = 0.0, guess_errors_ = 0.0;
  std::int64_t count_ = 0, covered_ = 0;
};

/// The split of `--truth` that corresponds to the completed split.
Examples load_truth(const Model& model, const ImputeCommandOptions& options, const Examples& examples) {
  Dataset truth = load_like(model, options.truth);
  const Recipe& recipe = model.recipe();
  if (is_own_data(model, options.data) && options.split != "all")
    hold_out(truth, recipe.data.validation, recipe.data.test, recipe.train.seed);
  std::string name = options.split;
  Examples chosen = choose_split(truth, name);
  if (chosen.count != examples.count || chosen.dims != examples.dims) {
    throw DataError(concat(options.truth, ": its ", name, " split has ", chosen.count, " x ", chosen.dims,
                           " values, the data ", examples.count, " x ", examples.dims,
                           ". The truth needs the data's shape."));
  }
  return chosen;
}

/// The output files: completed rows, and the ends of their intervals or the probabilities of their classes.
class Outputs {
 public:
  Outputs(const std::filesystem::path& file, const ImputeCommandOptions& options, std::int64_t rows,
          const std::vector<std::string>& columns)
      : values_(file, rows, columns) {
    if (options.classes) probability_.emplace(beside(file, "probability"), rows, columns);
    if (!options.interval_probability()) return;
    low_.emplace(beside(file, "low"), rows, columns);
    high_.emplace(beside(file, "high"), rows, columns);
  }
  void append(const Imputation& completed) {
    values_.append(completed.values);
    if (probability_) probability_->append(completed.probability);
    if (low_) low_->append(completed.low);
    if (high_) high_->append(completed.high);
  }
  void commit() {
    values_.commit();
    for (auto* beside : {&probability_, &low_, &high_}) {
      if (*beside) (*beside)->commit();
    }
  }

 private:
  TableFile values_;
  std::optional<TableFile> probability_, low_, high_;
};

struct Totals {
  std::int64_t missing = 0;
  double effective_samples = 0.0;  ///< summed over rows
};

void print_comparison(const ImputeCommandOptions& options, const Comparison& comparison) {
  if (options.classes) {
    std::cout << "wrong classes: " << 100.0 * comparison.of_model()
              << " %; by each column's most frequent one: " << 100.0 * comparison.of_guesses() << " %\n";
    return;
  }
  std::cout << "RMSE to the truth: " << comparison.of_model()
            << "; of column means: " << comparison.of_guesses() << '\n';
  if (options.interval_probability())
    std::cout << "truths inside their intervals: " << 100.0 * comparison.coverage() << " %\n";
}

void report(const ImputeCommandOptions& options, const std::filesystem::path& file, const Examples& examples,
            const Totals& totals, const std::optional<Comparison>& comparison) {
  const double effective = totals.effective_samples / static_cast<double>(examples.count);
  const bool compared = comparison && comparison->count() > 0;
  if (options.json) {
    Json json = {{"run", options.run},        {"split", options.split},     {"examples", examples.count},
                 {"missing", totals.missing}, {"samples", options.samples}, {"effective_samples", effective},
                 {"out", file.string()}};
    if (const auto interval = options.interval_probability()) json["interval"] = *interval;
    if (compared) {
      json[options.classes ? "error_rate" : "rmse"] = comparison->of_model();
      json[options.classes ? "error_rate_of_modes" : "rmse_of_means"] = comparison->of_guesses();
      if (options.interval_probability()) json["coverage"] = comparison->coverage();
    }
    return print(json);
  }
  std::cout << file.string() << ": " << totals.missing << " missing values of " << examples.count << ' '
            << options.split << " examples filled in (" << options.samples << " samples, of which "
            << effective << " are effective)\n";
  if (options.classes) {
    std::cout << beside(file, "probability").string() << ": the probability of each imputed class\n";
  }
  if (const auto interval = options.interval_probability()) {
    std::cout << beside(file, "low").string() << ", " << beside(file, "high").string() << ": ends of the "
              << 100.0 * *interval << " % intervals\n";
  }
  if (compared) print_comparison(options, *comparison);
}

int run_impute(ImputeCommandOptions options) {
  auto model = load_model(options.run, options.machine);
  if (!model.has_prior()) {
    throw ConfigError("impute needs a VAE: an autoencoder defines no density to complete data by.");
  }
  options.classes = traits_of(model.recipe()).has_classes;
  if (options.classes && options.interval && *options.interval != 0.0) {
    throw ConfigError(
        "--interval: this model's values are classes, which have no order and so no interval. Without it, "
        "the "
        "probability of each imputed class is written to FILE-probability.");
  }
  const std::filesystem::path file =
      options.out.empty() ? output_folder(options.run) / "imputed.npy" : std::filesystem::path(options.out);
  file_kind(file, {FileKind::npy, FileKind::csv});
  const Dataset data = load_data(model, options.data, options.split, options.mask);
  const auto& examples = choose_split(data, options.split);
  std::optional<Examples> truth;
  std::optional<Comparison> comparison;
  if (!options.truth.empty()) {
    truth = load_truth(model, options, examples);
    comparison.emplace(data.train.empty() ? examples : data.train, *truth, options.classes);
  }
  Outputs outputs(file, options, examples.count, value_names(model, data.columns));
  Totals totals;
  std::int64_t first = 0;
  in_chunks(examples, 0, examples.count, [&](const Table& rows) {
    const Imputation completed =
        model.impute(rows, {options.samples, options.interval_probability(), options.seed, first});
    outputs.append(completed);
    totals.missing += completed.missing;
    for (const double count : completed.effective_samples) totals.effective_samples += count;
    if (comparison) comparison->add(rows, completed, first);
    first += rows.rows;
  });
  outputs.commit();
  report(options, file, examples, totals, comparison);
  return 0;
}

}  // namespace

void add_impute(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "impute", "Impute missing values (NaN), each with an interval or a class's probability");
  auto options = std::make_shared<ImputeCommandOptions>();
  add_run(*command, options->run);
  add_data_and_split(*command, options->data, options->split);
  command->add_option("--mask", options->mask,
                      "Mask of the data: 0 where a value is missing, else 1 [the recipe's]");
  command->add_option("--samples", options->samples, "Importance-weighted samples per example")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 26))
      ->capture_default_str();
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
