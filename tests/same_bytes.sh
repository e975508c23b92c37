#!/usr/bin/env bash
# Checks whether this tree computes the same bytes as a reference commit: trains every recipe, and variants that use
# the other parts, for a few steps with both commands, on the CPU and with the kernels emulated. Compares the tensors
# of all model files, metrics.jsonl and pictures of the runs, and the results of eval, encode, sample, reconstruct and
# impute; for some cases also a run that the reference began and this tree resumed. Times, recipe.toml and the metadata
# of model files may differ. Prints a line per case; the exit status is 1 if one differs. Takes minutes, and a few more
# to build.
#   tests/same_bytes.sh [COMMIT]     both are built, the reference in build/same-bytes; COMMIT is 22f9930 unless named
#     --cpu FILE, --emulate FILE                       commands of this tree that are built already
#     --reference-cpu FILE, --reference-emulate FILE   those of the reference
#     --device cpu|emulate                             only there
#     --only REGEX                                     only cases whose names match
# Its parts are in tests/project/same_bytes: cases.py (what is trained and asked), former_names.py (how the reference is
# asked), data.py, compare.py, run.py.
set -euo pipefail
shopt -s inherit_errexit  # a failure in $(…) ends the script
project=$(cd "$(dirname "$0")/.." && pwd)
work=$project/build/same-bytes
. "$project/tools/packages.sh"

commit=22f9930 only='' devices='cpu emulate'
declare -A given=()
while [ $# -gt 0 ]; do
  case $1 in
    --cpu|--emulate|--reference-cpu|--reference-emulate) given[${1#--}]=$(realpath -e "${2:?$1 takes a file}"); shift ;;
    --device) devices=${2:?cpu or emulate}; shift ;;
    --only) only=${2:?an expression}; shift ;;
    -*) sed -n '2,/^set/s/^# \?//p' "$0"; exit 2 ;;
    *) commit=$1 ;;
  esac
  shift
done

# build_command SOURCE PRESET [OPTION…]: builds the command alone, and prints its path.
build_command() {
  local source=$1 preset=$2
  {
    install_packages $BUILD_PACKAGES $TEST_PACKAGES
    cmake -S "$source" --preset "$preset" "${@:3}"
    cmake --build "$source/build/$preset" --parallel "$(nproc)" --target elbo_command
  } >&2
  echo "$source/build/$preset/elbo"
}

# The reference's source, with this tree's replacement of cuBLAS: the reference's own sums by oneDNN in another order,
# and is not part of the comparison.
reference_source() {
  local hash folder
  hash=$(git -C "$project" rev-parse --verify "$commit^{commit}")
  folder=$work/reference-$hash
  if [ ! -d "$folder" ]; then
    rm -rf "$folder.part" && mkdir -p "$folder.part"
    git -C "$project" archive "$hash" | tar -x -C "$folder.part"
    if grep -q dnnl.h "$folder.part/tests/emulation/cublas.cpp"; then
      cp "$project"/tests/emulation/{cublas.cpp,sgemm.cpp,sgemm.h} "$folder.part/tests/emulation/"
      sed -i -e '/find_package(dnnl/d' -e 's/ DNNL::dnnl//' "$folder.part/tests/emulation/emulation.cmake"
    fi
    mv "$folder.part" "$folder"
  fi
  echo "$folder"
}

arguments=()
for device in $devices; do
  if [ -z "${given[$device]-}" ]; then
    given[$device]=$(build_command "$project" "$device")
  fi
  if [ -z "${given[reference-$device]-}" ]; then
    source=$(reference_source)
    given[reference-$device]=$(build_command "$source" "$device" -DELBO_BUILD_TESTS=OFF -DELBO_BUILD_BENCHMARKS=OFF -DELBO_BUILD_EXAMPLES=OFF)
  fi
  arguments+=("--$device" "${given[$device]}" "--reference-$device" "${given[reference-$device]}")
done
exec python3 -B "$project/tests/project/same_bytes/run.py" "${arguments[@]}" --recipes "$project/recipes" --work "$work" --only "$only"
