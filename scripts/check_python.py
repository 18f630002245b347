"""Say what is missing before anything is installed. Runs on any Python 3."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever Python there is
    sys.exit(
        f"error: DermVTT needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}.\n"
        "Install one and name it: make setup PYTHON=python3.12"
    )
try:
    import ensurepip  # noqa: F401
    import venv  # noqa: F401
except ImportError:
    sys.exit(
        "error: this Python cannot make virtual environments.\n"
        "On Debian and Ubuntu: apt-get install python3-venv"
    )
