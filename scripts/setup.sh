#!/usr/bin/env bash
# Installs what the build needs and the machine lacks (Debian, Ubuntu). Does nothing where all is there.
#   scripts/setup.sh [PACKAGE...]     more packages of Debian's, for what needs them
set -euo pipefail

packages=(libzstd-dev libssl-dev libsqlite3-dev libxxhash-dev liblapacke-dev libopenblas-dev zlib1g-dev liblz4-dev libcmark-gfm-dev libcmark-gfm-extensions-dev pkg-config zstd git openssl
    python3 "$@")
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
    echo "installing: ${missing[*]}" >&2
    as_root=()
    ((EUID == 0)) || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
if ! command -v swift >/dev/null; then
    echo "error: no Swift toolchain found; install Swift 6.2 or newer from swift.org and run this again" >&2
    exit 1
fi
