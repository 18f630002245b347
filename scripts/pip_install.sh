#!/bin/sh
# pip in quiet, of the environment whose bin folder is the first argument: what it printed is shown only when
# it failed.
set -u
bin=$1
shift
log=$(dirname "$bin")/install.log
if ! "$bin/python" -m pip install --disable-pip-version-check --no-compile "$@" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "error: the installation failed; all that pip printed is in $log. Mend it and run make again." >&2
    exit 1
fi
# pip would compile on one core, and the packages' own tests too. What does not compile is no module of ours.
"$bin/python" -m compileall -q -j 0 -x '/tests/' "$(dirname "$bin")/lib" >>"$log" 2>&1 || true
