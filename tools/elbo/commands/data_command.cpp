// elbo data

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "elbo/elbo.h"
#include "reports/column_table.h"
#include "reports/data_report.h"
#include "reports/picture_report.h"
#include "reports/progress.h"
#include "reports/report.h"
#include "base/check.h"

namespace elbo::command {
namespace {

int run_list(bool json) {
  const auto known = known_datasets();
  if (json) {
    Json list = Json::array();
    for (const auto& set : known) {
      list.push_back({{"name", set.name},
                      {"description", set.description},
                      {"built_in", set.built_in},
                      {"where", set.where.string()}});
    }
    print({{"datasets", list}});
    return 0;
  }
  std::vector<std::pair<std::string, std::string>> described;
  for (const auto& set : known) {
    const std::string where = set.built_in ? "built in" : set.where.empty() ? "not here" : set.where.string();
    described.emplace_back(set.name, concat(set.description, " [", where, "]"));
  }
  print_described(described);
  return 0;
}

// "train-images-idx3-ubyte.gz (1 of 4) 3.2 of 9.9 MB", rewritten on a terminal, once per file in a pipe.
class DownloadLine {
 public:
  ~DownloadLine() {
    if (live_) std::fputs("\r\033[K", stderr);
  }

  void show(const DownloadProgress& progress) {
    const bool new_file = progress.number != file_;
    file_ = progress.number;
    if (!terminal_ && !new_file) return;
    std::string line = concat(progress.file, " (", progress.number, " of ", progress.files, ")");
    if (terminal_) {
      line += "  " + fixed(static_cast<double>(progress.bytes) / 1e6, 1);
      if (progress.total) line += " of " + fixed(static_cast<double>(*progress.total) / 1e6, 1);
      line += " MB";
    }
    std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line.c_str());
    live_ = terminal_;
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool live_ = false;  // the next line overwrites the present one
  int file_ = 0;
};

int run_get(const std::string& name) {
  DownloadResult result;
  std::string interrupted;
  {
    DownloadLine line;
    InterruptGuard guard;
    DownloadOptions options;
    options.on_progress = [&](const DownloadProgress& progress) { line.show(progress); };
    options.stop = InterruptGuard::requested;
    try {
      result = download_dataset(name, options);
    } catch (const IoError& error) {
      if (!InterruptGuard::requested()) throw;
      interrupted = error.what();
    }
  }
  if (!interrupted.empty()) return complain(interrupted, kInterrupted);
  std::cout << name << ": " << result.folder.string()
            << (result.fetched == 0 ? " (it was there already)\n" : "\n");
  return 0;
}

struct ShowOptions {
  std::string data;
  std::vector<std::string> settings;
  bool json = false;
};

/// The recipe that reads the data. Throws ConfigError if a setting is not one of data.
Recipe reading(const ShowOptions& options) {
  Recipe recipe;
  std::vector<std::string> notes;
  for (const std::string& setting : options.settings) {
    const std::string key = setting.substr(0, setting.find('='));
    recipe.set(setting, &notes);
    const bool counts = (key.starts_with("data.") && key != "data.name") || key == "train.seed";
    if (!counts)
      throw ConfigError(concat(setting,
                               " would change nothing: elbo data show reads the data.* settings and "
                               "train.seed, of the data that it is given."));
  }
  tell(notes);
  recipe.data.name = options.data;
  return recipe;
}

void tell_notes(const std::string& name, const std::vector<std::string>& all) {
  std::vector<std::string> notes;
  for (const std::string& note : all) notes.push_back(concat(name, ": ", note));
  tell(notes);
}

/// Shows pictures that cannot be loaded, by their headers.
int show_headers(const Recipe& recipe, const PictureSummary& pictures, const std::string& problem,
                 bool json) {
  const std::string& name = recipe.data.name;
  if (json) {
    print(pictures_json(name, pictures, problem));
    return 0;
  }
  tell_notes(name, pictures.notes);
  print_pictures(name, pictures, problem);
  return 0;
}

int show(const Dataset& data, const std::optional<PictureSummary>& pictures, bool json) {
  const DatasetSummary summary = summarize(data);
  if (json) {
    Json all = data_json(data, summary);
    if (pictures) add_files(all, *pictures);
    print(all);
    return 0;
  }
  tell_notes(data.name, data.notes);
  print_data(data, summary);
  if (pictures) print_files(*pictures);
  return 0;
}

int run_show(const ShowOptions& options) {
  const Recipe recipe = reading(options);
  const auto pictures = summarize_pictures(recipe.data.name);
  if (!pictures) return show(load_dataset(recipe), pictures, options.json);
  std::optional<Dataset> data;
  std::string problem;
  try {
    data = load_dataset(recipe);
  } catch (const DataError& error) {
    problem = error.what();
  }
  return data ? show(*data, pictures, options.json) : show_headers(recipe, *pictures, problem, options.json);
}

void add_show(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("show", "What data holds: its columns, ranges, levels and labels");
  auto options = std::make_shared<ShowOptions>();
  command->add_option("DATA", options->data, "A data set, a file or a folder, as of train --data")
      ->required();
  command
      ->add_option("--set", options->settings,
                   "A data.* setting as of train, as in --set data.label=species; may be repeated")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
  add_threads(*command);
  command->add_flag("--json", options->json, "As one JSON object");
  command->callback([options, &action] { action = [options] { return run_show(*options); }; });
}

}  // namespace

void add_data(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("data", "Data sets known by name, and what data holds");
  command->require_subcommand(1);
  auto* list = command->add_subcommand("list", "List the data sets and where they are");
  add_show(*command, action);
  auto* get = command->add_subcommand("get", "Download a data set into the user's cache");
  auto name = std::make_shared<std::string>();
  std::string names;
  for (const auto& known : downloadable_datasets()) names += (names.empty() ? "" : ", ") + known;
  get->add_option("NAME", *name, names)->required();
  get->callback([name, &action] { action = [name] { return run_get(*name); }; });
  auto json = std::make_shared<bool>(false);
  list->add_flag("--json", *json, "As one JSON object");
  list->callback([json, &action] { action = [json] { return run_list(*json); }; });
}

}  // namespace elbo::command
