#!/usr/bin/env bash
# Checks that the lists of tools/packages.sh are complete: on a bare machine with only those packages, the build of
# tools/run.sh configures, and every preset but `cuda`, `fuzz` and `tsan` configures and compiles its first files. Skips if no bare
# machine can be made.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
. "$project/tests/support/bare_machine.sh"

# install LISTS: packages of these lists, given unexpanded.
install() {
  in_machine bash -c ". tools/packages.sh && install_packages $1" >"$machine/install.log" 2>&1 ||
    { cat "$machine/install.log"; return 1; }
}

# first_files PRESET: compiles the public headers, where the preset has their tests, and the smallest source of the first
# target, the library or the emulation that it needs (SOURCE^ is ninja's name for a source's object).
first_files() {
  local folder=src headers=elbo_public_headers source
  case $1 in
    emulate* | asan) folder=tests/emulation ;;
    library) headers= ;;
  esac
  source=$(cd "$machine/elbo" && find $folder -name '*.cpp' -not -name 'cuda_*' -not -name '*_test.cpp' -printf '%s %p\n' |
    sort -n | sed -n '1s/^[0-9]* //p')
  in_machine ninja -C "build/$1" $headers "/elbo/$source^"
}

seconds_of "a bare machine" make_machine "$project"
seconds_of "the packages of tools/run.sh" install '$BUILD_PACKAGES'
seconds_of "configured as tools/run.sh does" in_machine cmake -S . -B build/release -G Ninja -DELBO_BUILD_TESTS=OFF \
  -DELBO_BUILD_BENCHMARKS=OFF -DELBO_BUILD_EXAMPLES=OFF
seconds_of "the packages of tools/test.sh" install '$BUILD_PACKAGES $TEST_PACKAGES'
presets=$(in_machine cmake --list-presets=configure | sed -n 's/^ *"\(.*\)".*/\1/p' | grep -vxE 'cuda|fuzz|tsan')
for preset in $presets; do
  seconds_of "$preset configured" in_machine cmake --preset "$preset"
  seconds_of "$preset: first files" first_files "$preset"
done
