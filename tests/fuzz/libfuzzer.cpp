// The entries that libFuzzer calls; the program has one target.

#include <stdlib.h>

#include <cstddef>
#include <cstdint>

#include "fuzz/target.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  setenv("ELBO_MEMORY_CHECK", "67108864", 0);  // a declared size is refused long before it is felt
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  elbo::fuzz::targets().front().run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
