#include "command.h"

#include <CLI/CLI.hpp>

namespace elbo::command {

void add_run(CLI::App& app, std::string& run) {
  app.add_option("RUN", run, "A run's folder, or a model.safetensors")->required();
}

void add_data_and_split(CLI::App& app, std::string& data, std::string& split) {
  app.add_option("--data", data, "Other data than the model was trained on");
  app.add_option("--split", split, "train, validation or test [test where there is one]");
}

void add_device(CLI::App& app, std::string& device) {
  app.add_option("--device", device, "auto, cpu, cuda or cuda:i")->capture_default_str();
}

}  // namespace elbo::command
