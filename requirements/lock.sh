#!/bin/sh
# Writes runtime.txt and dev.txt anew from pyproject.toml: newest versions, every hash, for all supported Pythons and systems.
#
# Only versions that come as wheels are taken, dev.txt holds the very versions of runtime.txt, and neither names the
# index it was made from: whoever installs chooses that.
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

.venv/bin/python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv

compile() {
    "$work/venv/bin/uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --only-binary :all: \
        --generate-hashes --upgrade --no-annotate --no-header --no-emit-index-url --no-emit-find-links "$@" >/dev/null
}

compile --group build --output-file "$work/runtime.txt"
compile --group build --group dev --constraints "$work/runtime.txt" --output-file "$work/dev.txt"

for lock in runtime dev; do
    if grep -nE '://|^--|file:|@ ' "$work/$lock.txt"; then
        echo "The $lock lock names a place to download from; nothing was written." >&2
        exit 1
    fi
    { printf '# Made by "make lock" from pyproject.toml. Do not edit.\n'; cat "$work/$lock.txt"; } >"requirements/$lock.txt"
done
