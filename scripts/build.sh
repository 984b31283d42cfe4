#!/usr/bin/env bash
# Builds everything, tests included, optimised: one build serves the program and its tests.
#   scripts/build.sh [arguments of swift build]
set -euo pipefail
cd "$(dirname "$0")/.."
exec swift build -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error "$@"
