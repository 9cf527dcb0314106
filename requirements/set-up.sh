#!/bin/sh
# Brings .venv to the state that the locks and pyproject.toml describe: `set-up.sh runtime` or `set-up.sh dev`.
#
# The Makefile calls it before anything else. When nothing changed it returns at once. The file .venv/set-up is
# written last and removed first, so a set-up that was interrupted is seen, and begun afresh.
set -eu

level=$1
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/set-up
notes=.venv-set-up.log

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# What is installed, and where: the absolute place is part of it because programs in .venv/bin carry it.
locks=$(cat requirements/runtime.txt requirements/dev.txt | cksum | tr ' ' '-')$(pwd | cksum | tr ' ' '-')
project=$(cksum <pyproject.toml | tr ' ' '-')

read_stamp() {
    had_level='' had_locks='' had_project=''
    if [ -f $stamp ] && [ -x $venv/bin/tocsin ] && $venv/bin/python -c '' 2>/dev/null; then
        read -r had_level had_locks had_project <$stamp || true
    fi
}

ready() {
    [ "$had_locks" = "$locks" ] && [ "$had_project" = "$project" ] &&
        { [ "$had_level" = dev ] || [ "$had_level" = "$level" ]; }
}

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        # A name can be on the path and still not run, so each is asked.
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            found=$candidate
            "$candidate" -c 'import ensurepip, venv' 2>/dev/null || continue
            printf '%s' "$candidate"
            return
        fi
    done
    if [ -n "${found:-}" ]; then
        die "$found cannot make private environments: install its venv package (Debian, Ubuntu: apt install python3-venv)."
    fi
    die "Tocsin needs Python 3.11, 3.12 or 3.13: install one, or name it with make PYTHON=/path/to/python3."
}

# Quiet while all goes well; everything it said when it does not.
quietly() {
    if ! "$@" >>$notes 2>&1; then
        tail -n 20 $notes >&2
        die "Setting up .venv failed at: $*. The whole story is in $notes; the next make tries again."
    fi
}

pip_install() {
    quietly $venv/bin/python -m pip install --disable-pip-version-check --no-input --no-user "$@"
}

read_stamp
if ready; then exit 0; fi

# Two makes at once: the second waits, then finds the work done.
if [ -z "${TOCSIN_SET_UP_LOCKED:-}" ] && command -v flock >/dev/null 2>&1; then
    TOCSIN_SET_UP_LOCKED=1 exec flock .venv-set-up.lock sh requirements/set-up.sh "$level"
fi

: >$notes
rm -f $stamp
if [ "$had_locks" = "$locks" ]; then
    if [ "$had_level" = dev ]; then level=dev; fi
    if [ "$had_level" != "$level" ]; then say "Adding the development tools to .venv (once, about a minute)…"; fi
else
    python=$(find_python)
    say "Setting up .venv with $("$python" --version) (once, about a minute)…"
    quietly "$python" -m venv --clear $venv
    had_level=''
fi
if [ "$had_level" != "$level" ]; then
    # Wheels only: a source package would be built with tools that no lock pins.
    pip_install --require-hashes --only-binary :all: -r "requirements/$level.txt"
fi
pip_install --no-deps --no-build-isolation --no-index --editable .
printf '%s %s %s\n' "$level" "$locks" "$project" >$stamp.new
mv $stamp.new $stamp
rm -f $notes
say "Ready: .venv/bin/tocsin"
