#!/usr/bin/env bash
# Fails if a Swift file is not laid out as .swift-format says; `swift format -i -r ...` mends it.
set -euo pipefail
cd "$(dirname "$0")/.."
swift format lint --strict --recursive Package.swift Sources Tests Fuzz Benchmarks Schema
