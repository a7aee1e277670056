#!/usr/bin/env bash
# Installs the programs named as arguments from Debian's packages, those only that are missing. Without arguments it does nothing.
#   scripts/install-test-tools.sh chromium etcd
set -euo pipefail

declare -A package_of=(
  [chromium]=chromium
  [etcd]=etcd-server
  [prometheus]=prometheus
)

packages=()
for program in "$@"; do
  package=${package_of[$program]:-}
  if [ -z "$package" ]; then
    echo "install-test-tools: found $program, wanted one of: ${!package_of[*]}" >&2
    exit 2
  fi
  command -v "$program" >/dev/null || packages+=("$package")
done
[ ${#packages[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "install-test-tools: missing ${packages[*]}; install them, or run this as root" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
