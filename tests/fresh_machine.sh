#!/usr/bin/env bash
# Runs the README's two commands completely on a bare machine, one after the other, and reports the time of each. For
# running by hand, as it takes as long as they do. Skips if no bare machine can be made.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
. "$project/tests/support/bare_machine.sh"

seconds_of "a bare machine" make_machine "$project"
for script in tools/run.sh tools/test.sh; do seconds_of "$script" in_machine "$script"; done
