#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `npm test`: prepares all, then tools/test.ts. Its last line is always `N passed, N failed`: tests that could not be
# prepared count as one failure.
set -u
tools=$(CDPATH='' cd -- "$(dirname "$0")" && pwd -P) || exit 3
sh "$tools/run.sh" system deps build -- --version >/dev/null || {
  code=$?
  echo '0 passed, 1 failed'
  exit "$code"
}
exec sh "$tools/run.sh" deps -- "$tools/test.ts" "$@"
