#!/usr/bin/env bash
# Installs the programs named as arguments from Debian's packages, those only that are missing. Without arguments it does nothing.
#   scripts/install-test-tools.sh chromium prometheus
set -euo pipefail

declare -A package_of=(
  [chromium]=chromium
  [etcd]=etcd-server
  [prometheus]=prometheus
  [zsh]=zsh
)
# What will do as well, where the distribution has it under another name.
declare -A commands_of=(
  [chromium]='chromium chromium-browser google-chrome google-chrome-stable'
)

is_there() {
  local command
  for command in ${commands_of[$1]:-$1}; do
    if command -v "$command" >/dev/null; then return 0; fi
  done
  return 1
}

packages=()
for program in "$@"; do
  package=${package_of[$program]:-}
  if [ -z "$package" ]; then
    echo "install-test-tools: found $program, wanted one of: ${!package_of[*]}" >&2
    exit 2
  fi
  is_there "$program" || packages+=("$package")
done
[ ${#packages[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "install-test-tools: missing ${packages[*]}; install them, or run this as root" >&2
    exit 1
  fi
  as_root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
fi
export DEBIAN_FRONTEND=noninteractive
# Two test files may find something missing at the same time.
exec 9>"${TMPDIR:-/tmp}/install-test-tools.lock"
flock 9
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}"
