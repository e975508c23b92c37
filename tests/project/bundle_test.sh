#!/usr/bin/env bash
# A bundle of this build, moved to another folder, runs in an empty environment, and every library it loads is in
# the bundle or belongs to the C library or the driver.
#   tests/project/bundle_test.sh PROJECT BUILD WORK
set -euo pipefail
project=$1 build=$2 work=$3
check() { "$@" || { echo "bundle_test.sh: failed: $*" >&2; exit 1; }; }
in_bundle() { (cd "$work" && exec env -i "$@"); }

rm -rf "$work"
mkdir -p "$work/made/here"
"$project/tools/bundle.sh" "$work/made/here" --preset cpu --build "$build" --no-build --archive "$work/packed.tar.gz"
rm -rf "$work/made"
check [ "$(stat -c %s "$work/packed.tar.gz")" -lt $((60 << 20)) ]
tar -C "$work" -xzf "$work/packed.tar.gz"
mv "$work/here" "$work/moved folder"
bundle="$work/moved folder"

# "NAME FILE" for each library that a program or library loads, except the C library's parts; FILE may be "not
# found".
loads() {
  env -i "$@" | sed -nE 's/^\s*(\S+) => (.*)$/\1 \2/p' | sed -E 's/ \(0x[0-9a-f]+\)$//' |
    grep -Ev '^(linux-vdso|lib(c|m|dl|pthread|rt|resolv|util))\.so' || true
}
for file in "$bundle"/bin/*; do
  loaded=$(loads ldd "$file")
  check grep -q libstdc++ <<<"$loaded"
  check [ -z "$(grep -vF " $bundle/" <<<"$loaded")" ]
done
for file in "$bundle"/lib/*; do
  check [ -z "$(loads LD_LIBRARY_PATH="$bundle/lib" ldd "$file" | grep -vF " $bundle/")" ]
done

check in_bundle "$bundle/bin/elbo" --version
check in_bundle "$bundle/bin/elbo" train "$bundle/recipes/latent-2d.toml" --epochs 1 --device cpu --out run --json
check [ -s "$work/run/model.safetensors" ]
# Tests find the command and the recipes in the bundle; tests that read sources are skipped with a reason.
log=$(in_bundle "$bundle/bin/elbo_tests" --gtest_filter='Recipe.Shipped*:Rooms.ProjectIsRead:Cli.*Version*:WhichBackend.*')
check grep -q 'OK.*Recipe.ShippedOnes' <<<"$log"
check grep -q 'SKIPPED.*Rooms.ProjectIsRead' <<<"$log"
check grep -q "which a bundle does not bring along" <<<"$log"
check in_bundle "$bundle/bin/adam_bench" --benchmark_list_tests >/dev/null
if command -v python3 >/dev/null; then
  check in_bundle PATH="$PATH" "$bundle/tools/gpu_check.sh" --device cpu --only plan --out check
  check grep -q 'linear_forward' "$work/check/report.md"
fi
rm -rf "$work"
