#!/usr/bin/env bash
# Makes a folder that runs on another machine without installing or building anything: the command, the tests, the
# benchmarks, the peers' scripts, gpu_check.sh and the recipes, with every library they need. A machine with a GPU
# needs the driver and the CUDA libraries (cudart, cuBLAS), which the folder can include.
#   tools/bundle.sh [DIR]         to DIR; default: build/bundle-PRESET
#     --preset NAME               cuda (the default: sm_80, sm_90 and PTX for later ones) or cpu
#     --architectures LIST        with cuda: these alone, such as 90-real for an H100 or H200, which is smaller
#     --build FOLDER              the folder of the build; default: build/PRESET, with --architectures build/PRESET-LIST
#     --no-build                  use the existing build
#     --archive FILE              pack the folder into FILE as well, a .tar.gz or .tar.xz
#     --with-cuda-libraries       include cudart, cublas and cublasLt: some 500 MB
#     --data FOLDER               include FOLDER/mnist, as data/mnist
# The bundle still depends on the processor and the C library: a build on Debian 12 needs x86-64 and glibc 2.36.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
fail() { echo "bundle.sh: $*" >&2; exit "${code:-1}"; }

preset=cuda compile=yes with_cuda=no folder="" build="" data="" architectures="" archive=""
while [ $# -gt 0 ]; do
  case $1 in
    --preset | --build | --data | --architectures | --archive)
      [ $# -gt 1 ] || code=2 fail "$1 needs a value"
      case $1 in
        --preset) preset=$2 ;; --build) build=$2 ;; --data) data=$2 ;; --architectures) architectures=$2 ;; --archive) archive=$2 ;;
      esac
      shift ;;
    --no-build) compile=no ;;
    --with-cuda-libraries) with_cuda=yes ;;
    -h | --help) sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
    -*) code=2 fail "unknown option $1 (--help lists the options)" ;;
    *) [ -z "$folder" ] || code=2 fail "one folder, please: $folder or $1"; folder=$1 ;;
  esac
  shift
done
if [ -n "$architectures" ]; then
  [ "$preset" = cuda ] || code=2 fail "--architectures goes with --preset cuda"
  [ "$compile" = yes ] || code=2 fail "--architectures says what to build, --no-build that nothing is built"
fi
case $archive in
  "" | *.tar.gz | *.tar.xz) ;;
  *) code=2 fail "--archive takes a name that ends in .tar.gz or .tar.xz" ;;
esac
[ -z "$archive" ] || archive=$(realpath -m "$archive")
build=$(realpath -m "${build:-$project/build/$preset${architectures:+-${architectures//;/-}}}")
folder=$(realpath -m "${folder:-$project/build/bundle-$preset}")
if [ -n "$data" ]; then
  [ -d "$data/mnist" ] || fail "$data/mnist does not exist"
  data=$(realpath "$data")
fi
if [ -e "$folder" ] && [ -n "$(ls -A "$folder")" ] && [ ! -e "$folder/bundle.json" ]; then
  fail "$folder exists and is not a bundle: name another folder"
fi

cd "$project"
. tools/packages.sh
find_nvcc || true
if [ "$compile" = yes ]; then
  cmake --preset "$preset" -B "$build" ${architectures:+"-DCMAKE_CUDA_ARCHITECTURES=$architectures"}
  cmake --build "$build" --parallel "${JOBS:-$(nproc)}"
fi
mode=$(sed -n 's/^ELBO_CUDA:[A-Z]*=//p' "$build/CMakeCache.txt")
[ "$mode" != EMULATE ] || fail "an emulated build is for tests where it was built"

rm -rf "$folder"
cmake --install "$build" --prefix "$folder" --component bundle --strip >/dev/null

# Libraries that every Linux has, and those of the driver.
own='^(linux-vdso|ld-linux|libc|libm|libdl|libpthread|librt|libresolv|libutil|libcuda|libnvidia)[-.]'
cuda='^lib(cudart|cublas|cublasLt|nvrtc|nvJitLink)\.'
if command -v nvcc >/dev/null; then
  toolkit=$(dirname "$(dirname "$(realpath "$(command -v nvcc)")")")
  export LD_LIBRARY_PATH=$toolkit/lib64:$toolkit/targets/x86_64-linux/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
mkdir -p "$folder/lib"
for program in "$folder"/bin/*; do ldd "$program"; done | sort -u | while read -r name arrow file _; do
  [ "$arrow" = "=>" ] || continue
  [[ ! $name =~ $own ]] || continue
  if [[ $name =~ $cuda ]] && [ "$with_cuda" = no ]; then continue; fi
  [ "$file" != not ] || fail "$name is not on this machine, so it cannot be included"
  [ ! -e "$folder/lib/$name" ] || continue
  install -m 755 "$(realpath "$file")" "$folder/lib/$name"
  # Includes the libraries' licences, which Debian has by package.
  if package=$(dpkg-query -S "$(realpath "$file")" 2>/dev/null | cut -d: -f1) && [ -e "/usr/share/doc/$package/copyright" ]; then
    install -Dm 644 "$(realpath "/usr/share/doc/$package/copyright")" "$folder/licences/$package"
  fi
done

if [ -n "$data" ]; then
  mkdir -p "$folder/data"
  cp -RL "$data/mnist" "$folder/data/mnist"
fi

glibc=$(objdump -T "$folder"/bin/* "$folder"/lib/* 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)
commit=$(git rev-parse HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || commit+=" and changes"
cat >"$folder/bundle.json" <<END
{"preset": "$preset", "commit": "$commit", "glibc": "${glibc#GLIBC_}",
 "compiler": "$(c++ --version | head -1)", "nvcc": "$([ "$mode" = OFF ] || nvcc --version 2>/dev/null | sed -n 's/.*, V//p')",
 "cuda_libraries": $([ "$with_cuda" = yes ] && echo true || echo false)}
END
cat >"$folder/README" <<END
elbo, built elsewhere (commit $commit): it runs from this folder, wherever that lies, and needs nothing installed
but glibc ${glibc#GLIBC_} or later$([ "$mode" = OFF ] || echo ", the NVIDIA driver$([ "$with_cuda" = yes ] || echo " and the CUDA libraries (libcudart, libcublas, libcublasLt)")").

  bin/elbo train digits --out digits    trains a model; bin/elbo --help lists the other commands
  tools/gpu_check.sh                    checks and measures elbo on this machine's GPU: one report, written as figures come
  tools/gpu_check.sh --half first       what the emulation cannot tell, in 150 s at most
  bin/elbo_tests                        the tests; bin/*_bench: the benchmarks; bench/: the peers' scripts
END
mebibytes() { awk '{printf "%.1f MiB", $1 / 1048576}'; }
if [ -n "$archive" ]; then
  # The folder's own name is what unpacking makes.
  case $archive in *.xz) packer="xz -T0" ;; *) packer="gzip -9" ;; esac
  tar -C "$(dirname "$folder")" -c "$(basename "$folder")" | $packer >"$archive.part"
  mv "$archive.part" "$archive"
  packed="$(stat -c %s "$archive" | mebibytes) as $archive"
else
  packed="$(tar -C "$folder" -cz . | wc -c | mebibytes) as .tar.gz"
fi
echo "$folder: $(du -sh "$folder" | cut -f1), $packed, for glibc ${glibc#GLIBC_} or later"
