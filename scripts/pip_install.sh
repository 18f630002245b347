#!/bin/sh
# pip in quiet: what it printed is shown only when it failed.
set -u
log=.venv/install.log
if ! .venv/bin/python -m pip install --disable-pip-version-check "$@" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "error: the installation failed; all that pip printed is in $log. Mend it and run make again." >&2
    exit 1
fi
