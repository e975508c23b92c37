#!/usr/bin/env bash
# A program that embeds elbo trains, saves, loads and uses models for a long time in one process; memory and descriptors
# must stay as they are after the first twenty rounds.
#   tests/faults/soak.sh [BUILD [SECONDS]]    BUILD is build/cpu unless given, SECONDS an hour
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "rounds seconds kilobytes descriptors"
"${1:-build/cpu}/tests/elbo_embedded" "$folder" "${2:-3600}" | tee "$folder/told"
awk 'NR == 1 { kilobytes = $3; descriptors = $4 }
  { last_kilobytes = $3; last_descriptors = $4 }
  END {
    flat = last_kilobytes < 1.05 * kilobytes + 4096 && last_descriptors == descriptors
    print flat ? "flat" : "not flat", "from", kilobytes, "to", last_kilobytes, "kB,", descriptors, "to", last_descriptors, "descriptors"
    exit !flat
  }' "$folder/told"
