#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh WHAT… -- ARGUMENT…: prepares WHAT (`deps`, `build`, `system`), then runs the pinned Node with the arguments, and
# with itself first on PATH, so that whatever is started by name runs under it, too. Every npm script starts here.
set -u
root=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd -P) || exit 3
. "$root/tools/prepared.sh"
parts=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  parts="$parts $1"
  shift
done
shift
is_prepared "$root" $parts || sh "$root/tools/setup.sh" $parts || exit $?
use_pinned_node "$root"
case $node in */*) PATH=${node%/*}:$PATH ;; esac
export PATH
exec "$node" "$@"
