#include "symbol.h"

#include <dlfcn.h>

#include <cstdio>
#include <memory>
#include <sstream>

namespace elbo::emulation {

std::string symbolize(const void* code) {
  Dl_info info{};
  if (!dladdr(code, &info) || !info.dli_fname) return "at unknown code";
  const auto offset =
      static_cast<const char*>(code) - static_cast<const char*>(info.dli_fbase) - 1;  // in the call
  std::ostringstream command;
  command << "addr2line -s -e '" << info.dli_fname << "' 0x" << std::hex << offset << " 2>/dev/null";
  std::string line;
  if (std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.str().c_str(), "r"), pclose); output) {
    char text[512];
    if (std::fgets(text, sizeof(text), output.get())) line = text;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == ')')) {
    line.pop_back();
  }
  if (!line.empty() && line.front() != '?') return "at " + line.substr(0, line.find(" ("));
  std::ostringstream out;
  out << "at 0x" << std::hex << offset << " of " << info.dli_fname;
  return out.str();
}

}  // namespace elbo::emulation
