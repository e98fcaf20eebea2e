#!/usr/bin/env bash
# Resolve the lock files anew, for every supported Python.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" --quiet --disable-pip-version-check install uv==0.13.9
compile() {
  "$scratch/venv/bin/uv" pip compile --quiet --universal --python-version 3.10 --generate-hashes \
    --no-emit-package pulumi-portico --no-header --no-annotate "$@"
}
compile requirements.txt tools/requirements.in -o requirements.lock
compile requirements-dev.in tools/requirements.in -c requirements.lock -o requirements-dev.lock
for end in tests/matrix/*.in; do
  compile --no-deps "$end" -o "${end%.in}.lock"
done
for end in tools/wheels/*.in; do
  compile --no-deps "$end" -o "${end%.in}.lock"
done
# An environment of its own: what it wants does not go with what the tests want.
compile tests/checkov/requirements.in -o tests/checkov/requirements.lock
