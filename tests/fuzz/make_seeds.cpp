// fuzz_seeds FOLDER: writes the seeds to FOLDER/TARGET/NUMBER.

#include <filesystem>
#include <fstream>
#include <iostream>

#include "fuzz/seeds.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds FOLDER\n";
    return 2;
  }
  for (const auto& [target, inputs] : elbo::fuzz::seeds()) {
    const auto folder = std::filesystem::path(argv[1]) / target;
    std::filesystem::create_directories(folder);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::ofstream(folder / std::to_string(i), std::ios::binary) << inputs[i];
    }
  }
}
