#!/bin/sh
# Builds the explorer page into dist/, which is committed: a machine without Node must still serve it.
set -eu
cd "$(dirname "$0")/source"
npm ci --no-audit --no-fund
npx vite build
