#include "support/room_rules.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string_view>

namespace elbo::test {
namespace {

namespace fs = std::filesystem;

/// A room: the files whose path matches `files`, the project files they may include (by pattern; `\1` is the
/// first group of `files`), and the headers from outside. The first room that matches is a file's room.
struct Room {
  const char* files;
  const char* project;
  const char* outside;
  const char* rule;
};

// The pattern of the standard library: a name without suffix.
#define STD "[a-z_0-9]+"
#define MATH_STD                                                                                          \
  "cmath|random|cstdint|cstddef|cstring|limits|type_traits|numbers|algorithm|bit|array|utility|optional|" \
  "string_"                                                                                               \
  "view"
// Public headers by the room that implements them.
#define PUBLIC_BASE "include/elbo/(choices|device|error|op_call|precision|version)\\.h"
#define PUBLIC_DATA PUBLIC_BASE "|include/elbo/(dataset|download|schema|summary)\\.h"
#define PUBLIC_RECIPE PUBLIC_DATA "|include/elbo/(recipe|traits)\\.h"
#define PUBLIC_EVALUATION PUBLIC_RECIPE "|include/elbo/(analysis|evaluation)\\.h"
#define PUBLIC_MODEL PUBLIC_EVALUATION "|include/elbo/model\\.h"
#define RUNTIME "src/runtime/(?!cuda_).*"
#define POSIX "dirent\\.h|poll\\.h|unistd\\.h|fcntl\\.h|sys/[a-z]+\\.h|signal\\.h|cerrno"

constexpr Room kRooms[] = {
    {"include/elbo/.*", "include/elbo/.*", STD, "include/elbo has the standard library alone"},
    {"src/base/.*", PUBLIC_BASE "|src/base/.*", STD "|" POSIX "|omp\\.h",
     "src/base may include itself and the errors, devices and precisions of include/elbo"},
    {"src/io/.*", PUBLIC_BASE "|src/(base|io)/.*", STD "|" POSIX "|zlib\\.h|zip\\.h|nlohmann/.*",
     "src/io may include the rooms above it: base"},
    {"src/math/.*", "src/math/.*", MATH_STD, "src/math has <cmath> and its like"},
    {"src/runtime/(cuda_[^/]*\\.cpp|cuda_(state|capture)\\.h)", PUBLIC_BASE "|src/(base|runtime)/.*",
     STD "|cuda_runtime(_api)?\\.h|cuda\\.h|cublas(_v2|Lt)?\\.h",
     "src/runtime/cuda_* may include base, src/runtime and CUDA"},
    {"src/runtime/.*", PUBLIC_BASE "|src/base/.*|src/runtime/(?!cuda_(state|capture)).*",
     STD "|" POSIX "|omp\\.h",
     "src/runtime may include base and itself, CUDA only in cuda_*.cpp, cuda_state.h and cuda_capture.h"},
    {"src/ops/.*", PUBLIC_DATA "|src/(base|math|ops)/.*|" RUNTIME, STD "|omp\\.h|xmmintrin\\.h|hwy/.*",
     "src/ops may include base, math, runtime and itself"},
    {"src/data/.*", PUBLIC_DATA "|src/(base|io|math|ops|data)/.*|" RUNTIME,
     STD "|" POSIX
         "|omp\\.h|zlib\\.h|curl/curl\\.h|zip\\.h|hdf5\\.h|matio\\.h|png\\.h|jpeglib\\.h|jerror\\.h|"
         "stb_image_resize\\.h|webp/decode\\.h|tiffio\\.h|nlohmann/.*",
     "src/data may include the rooms above it, base, io, math, runtime and ops: it knows no recipe"},
    {"src/nn/.*", PUBLIC_DATA "|src/(base|io|math|ops|data|nn)/.*|" RUNTIME, STD,
     "src/nn may include the rooms above it: base, io, math, runtime, ops, data"},
    {"src/recipe/.*", PUBLIC_RECIPE "|src/(base|io|math|ops|data|nn|recipe)/.*|" RUNTIME,
     STD "|toml\\+\\+/.*", "src/recipe may include the rooms above it"},
    {"src/vae/.*", PUBLIC_RECIPE "|src/(base|io|math|ops|data|nn|recipe|vae)/.*|" RUNTIME, STD "|omp\\.h",
     "src/vae may include the rooms above it"},
    {"src/analysis/.*", PUBLIC_DATA "|include/elbo/analysis\\.h|src/(base|analysis)/.*", STD,
     "src/analysis knows no model: it may include base and itself"},
    {"src/evaluation/.*",
     PUBLIC_EVALUATION "|src/(base|io|math|ops|data|nn|recipe|vae|analysis|evaluation)/.*|" RUNTIME,
     STD "|omp\\.h", "src/evaluation may include the rooms above it"},
    {"src/model/.*",
     PUBLIC_MODEL "|src/(base|io|math|ops|data|nn|recipe|vae|analysis|evaluation|model)/.*|" RUNTIME,
     STD "|omp\\.h|nlohmann/.*", "src/model may include the rooms above it"},
    {"src/train/.*",
     "include/elbo/.*|src/(base|io|math|ops|data|nn|recipe|vae|analysis|evaluation|model|train)/.*|" RUNTIME,
     STD "|" POSIX "|omp\\.h|nlohmann/.*", "src/train may include every room above it"},
    {"kernels/platform\\.cuh", "src/math/.*|src/runtime/cuda_state\\.h|tests/emulation/device\\.h",
     MATH_STD "|source_location|emulation/device\\.h|cuda_runtime\\.h",
     "kernels/platform.cuh may include math, runtime/cuda_state.h and the emulation"},
    {"kernels/.*\\.cuh", "kernels/.*\\.cuh|src/math/.*|src/ops/gemm_plan\\.h",
     MATH_STD "|cuda_[a-z0-9_]+\\.h|curand_kernel\\.h|cooperative_groups\\.h|mma\\.h",
     "kernels/*.cuh may include math, kernels and ops/gemm_plan.h"},
    {"kernels/([a-z_0-9]+)(?:\\.[a-z_0-9]+)?\\.cu",
     "kernels/.*\\.cuh|src/math/.*|src/runtime/.*|src/ops/\\1\\.h",
     STD "|cuda_[a-z0-9_]+\\.h|curand_kernel\\.h|cublas(_v2|Lt)?\\.h|cooperative_groups\\.h|mma\\.h",
     "kernels/*.cu may include math, kernels, runtime and its own ops/<op>.h"},
    {"tools/.*", "include/elbo/.*|src/(base|io)/.*|tools/.*", STD "|" POSIX "|CLI/.*|stb_[a-z_]+\\.h",
     "tools use the public API; of src they may include base and io"},
    {"(tests|bench)/.*", ".*", ".*", "tests and bench may include anything"},
};

/// Words and the only files that may contain them, searched in include, src, kernels and tools.
struct Word {
  const char* word;
  const char* searched;
  const char* allowed;
  const char* rule;
};

constexpr Word kWords[] = {
    {R"(\b(asm|__asm__)\b)", "(src/math|kernels)/.*", "kernels/arch/.*", "PTX lives in kernels/arch"},
    {R"(<<<)", "(src|kernels|include|tools)/.*", "kernels/platform\\.cuh",
     "kernels are started by launch() alone"},
    {R"(\bcuda(Malloc|Free|HostAlloc|HostRegister|Stream[A-Z]|Event[A-Z]|Graph[A-Z]|Memcpy|Memset|DeviceSynchronize)\w*\s*\()",
     "(src|kernels|include|tools)/.*", "src/runtime/cuda_.*",
     "allocation, streams, events, graphs and copies belong to src/runtime/cuda_*"},
    {R"(\bcublas(Lt)?(Create|Destroy)(_v2)?\s*\()", "(src|kernels|include|tools)/.*", "src/runtime/cuda_.*",
     "cuBLAS handles belong to src/runtime/cuda_*"},
    {R"(\b__(syncthreads|syncwarp|shfl|ballot|any_sync|all_sync|reduce_)\w*)", "kernels/.*",
     "kernels/((platform|warp|block)\\.cuh|arch/.*)", "collectives go through warp.cuh and block.cuh"},
    {R"(\b__shared__\b)", "kernels/.*", "kernels/(platform\\.cuh|arch/.*)",
     "shared memory is one struct through shared_storage<S>()"},
    {R"(\batomic[A-Z]\w*\s*\()", "kernels/.*", "kernels/((platform|memory)\\.cuh|arch/.*)",
     "atomics go through one wrapper"},
    {R"(\bstd::(cout|cerr|clog|abort|exit|quick_exit|terminate)\b|\b(printf|puts|abort|exit|_exit)\s*\()",
     "(src|kernels|include)/.*", "", "the library never prints, exits or aborts"},
    {R"(#pragma omp parallel(?!.*\bnum_threads\(cpu_threads\(\)\)))", "(src|include|tools)/.*", "",
     "OpenMP's regions have cpu_threads() threads"},
};

bool matches(const std::string& text, const std::string& pattern) {
  static std::map<std::string, std::regex> compiled;
  if (pattern.empty()) return false;
  auto found = compiled.find(pattern);
  if (found == compiled.end()) found = compiled.emplace(pattern, std::regex(pattern)).first;
  return std::regex_match(text, found->second);
}

/// Blanks out comments and string and character literals; keeps line numbers. A digit separator is not a
/// literal.
std::string code_of(const std::string& text) {
  std::string code = text;
  const auto blank = [&](std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < std::min(end, code.size()); ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
  };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text.compare(i, 2, "//") == 0) {
      end = std::min(text.find('\n', i), text.size());
      blank(i, end);
    } else if (text.compare(i, 2, "/*") == 0) {
      end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
      blank(i, end);
    } else if (text.compare(i, 2, "R\"") == 0) {
      const std::size_t open = text.find('(', i);
      if (open == std::string::npos) break;
      std::string close(1, ')');
      close.append(text, i + 2, open - i - 2).push_back('"');
      end = std::min(text.find(close, open), text.size() - close.size()) + close.size();
      blank(i, end);
    } else if (text[i] == '"' ||
               (text[i] == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(text[i - 1]))))) {
      while (end < text.size() && text[end] != text[i] && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
      ++end;
      blank(i + 1, end - 1);
    }
    i = end;
  }
  return code;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const Room* room_of(const std::string& file) {
  const auto* found = std::find_if(std::begin(kRooms), std::end(kRooms),
                                   [&](const Room& room) { return matches(file, room.files); });
  return found == std::end(kRooms) ? nullptr : found;
}

/// The project file that an include finds on the build's include path.
std::optional<std::string> resolve(const SourceTree& sources, const std::string& includer,
                                   const std::string& name) {
  const std::string folder = fs::path(includer).parent_path().string() + "/";
  for (const std::string& root :
       {folder, std::string("include/"), std::string("src/"), std::string("kernels/"),
        std::string("tools/elbo/"), std::string("tests/"), std::string()}) {
    const std::string path = fs::path(root + name).lexically_normal().string();
    if (sources.count(path)) return path;
  }
  return std::nullopt;
}

/// `pattern` with \1 replaced by the first group that `files` matches in `file`.
std::string with_group(const std::string& pattern, const std::string& files, const std::string& file) {
  std::smatch groups;
  std::regex_match(file, groups, std::regex(files));
  const std::size_t at = pattern.find("\\1");
  if (at == std::string::npos || groups.size() < 2) return pattern;
  return pattern.substr(0, at) + groups[1].str() + pattern.substr(at + 2);
}

/// Parses #include <name> or "name"; `quoted` tells which form it is.
bool parse_include(const std::string& line, std::string& name, bool& quoted) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^">]+)[">].*)");
  std::smatch groups;
  if (!std::regex_match(line, groups, pattern)) return false;
  quoted = groups[1] == "\"";
  name = groups[2];
  return true;
}

}  // namespace

SourceTree read_sources(const std::string& root) {
  SourceTree sources;
  const std::set<std::string> suffixes = {".h", ".cpp", ".cuh", ".cu", ".inc", ".hpp"};
  for (const char* top : {"include", "src", "kernels", "tools", "tests", "bench"}) {
    const fs::path folder = fs::path(root) / top;
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file() || !suffixes.count(entry.path().extension().string())) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      sources[fs::relative(entry.path(), root).generic_string()] =
          std::string(std::istreambuf_iterator<char>(in), {});
    }
  }
  return sources;
}

std::vector<Violation> check_includes(const SourceTree& sources) {
  std::vector<Violation> violations;
  for (const auto& [file, text] : sources) {
    const Room* room = room_of(file);
    if (!room) {
      violations.push_back({file, 1, file, "this folder is no room of HACKING.md's table"});
      continue;
    }
    const auto lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::string name;
      bool quoted = false;
      if (!parse_include(lines[i], name, quoted)) continue;
      // <sys/x.h> and similar are never the project's; "x" always is the project's or a generated header.
      const auto target = resolve(sources, file, name);
      const bool allowed = target ? matches(*target, with_group(room->project, room->files, file))
                                  : matches(name, room->outside);
      if (!allowed) {
        violations.push_back(
            {file, static_cast<int>(i) + 1, quoted ? "\"" + name + "\"" : "<" + name + ">", room->rule});
      }
    }
  }
  return violations;
}

std::vector<Violation> check_words(const SourceTree& sources) {
  std::vector<Violation> violations;
  for (const auto& [file, text] : sources) {
    const auto lines = lines_of(code_of(text));
    for (const Word& word : kWords) {
      if (!matches(file, word.searched) || matches(file, word.allowed)) continue;
      const std::regex pattern(word.word);
      for (std::size_t i = 0; i < lines.size(); ++i) {
        std::smatch found;
        if (!std::regex_search(lines[i], found, pattern)) continue;
        violations.push_back({file, static_cast<int>(i) + 1, found.str(), word.rule});
      }
    }
  }
  return violations;
}

std::vector<Violation> check_messages(const SourceTree& sources) {
  static const std::regex flag(R"(--[a-z][a-z-]*)");
  std::vector<Violation> violations;
  for (const auto& [file, text] : sources) {
    if (!file.starts_with("src/")) continue;
    const auto lines = lines_of(text), code = lines_of(code_of(text));
    for (std::size_t i = 0; i < code.size(); ++i) {
      std::smatch found;
      if (!std::regex_search(lines[i], found, flag)) continue;
      // Literals keep their quotes in the code, and comments do not.
      const auto before = code[i].begin() + found.position();
      if (std::count(code[i].begin(), before, '"') % 2 == 0) continue;
      violations.push_back(
          {file, static_cast<int>(i) + 1, found.str(), "messages of the library name settings, not flags"});
    }
  }
  return violations;
}

namespace {

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

}  // namespace

std::vector<Violation> check_ops(const SourceTree& sources) {
  std::vector<Violation> violations;
  const auto require = [&](const std::string& because, const std::string& path) {
    if (!sources.count(path))
      violations.push_back({because, 1, path, "one op, one place: this file is missing"});
  };
  static const std::regex contract("src/ops/([a-z_0-9]+)\\.h");
  static const std::regex kernel("kernels/([a-z_0-9]+)(?:\\.[a-z_0-9]+)?\\.cu");
  for (const auto& [file, text] : sources) {
    if (file.starts_with("src/ops/") && file.ends_with(".cpp") &&
        count(text, "run_on_cuda(") > count(text, "TracedOp ")) {
      violations.push_back({file, 1, "run_on_cuda", "every op is a TracedOp, for elbo info --plan"});
    }
    std::smatch groups;
    if (std::regex_match(file, groups, contract) && text.find("namespace elbo::cuda") != std::string::npos) {
      const std::string op = groups[1];
      for (const std::string& path :
           {"src/ops/" + op + ".cpp", "kernels/" + op + ".cu", "tests/cases/" + op + ".h",
            "tests/ops/" + op + "_test.cpp", "bench/" + op + "_bench.cpp"}) {
        require(file, path);
      }
    } else if (std::regex_match(file, groups, kernel)) {
      require(file, "src/ops/" + groups[1].str() + ".h");
    }
  }
  return violations;
}

std::string describe(const std::vector<Violation>& violations) {
  std::ostringstream out;
  for (const auto& v : violations)
    out << v.file << ':' << v.line << ": `" << v.what << "`: " << v.rule << '\n';
  return out.str();
}

}  // namespace elbo::test
