// The safetensors format.

#include "fuzz/target.h"
#include "io/safetensors.h"

namespace elbo::fuzz {

ELBO_FUZZ_TARGET(safetensors) {
  const InputFile file("input.safetensors", input), copy("copy.safetensors", "");
  const auto read = unless_refused([&] { return io::SafetensorsFile(file.path()); });
  if (!read) return;
  io::SafetensorsWriter writer;
  for (const auto& [key, text] : read->metadata()) writer.text(key, text);
  std::size_t written = 0;
  for (const auto& [name, tensor] : read->tensors()) {
    std::size_t bytes = 0;
    const bool sound = io::checked_bytes(tensor.shape, io::value_bytes_of(tensor.type), bytes);
    require(sound && bytes == tensor.end - tensor.begin, "a tensor has as many bytes as its shape");
    if (tensor.type != "F32") continue;
    writer.tensor(name, tensor.shape, read->floats(name, tensor.shape));
    ++written;
  }
  writer.write(copy.path());
  const io::SafetensorsFile again(copy.path());
  require(again.metadata() == read->metadata(), "metadata reads back equal");
  require(again.tensors().size() == written, "every tensor that was written is read");
  for (const auto& [name, tensor] : again.tensors()) {
    const auto values = read->floats(name, tensor.shape);
    require(same(again.floats(name, tensor.shape), values), "tensors read back equal");
  }
}

}  // namespace elbo::fuzz
