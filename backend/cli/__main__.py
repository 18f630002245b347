"""``python -m backend.cli``: what ``dermvtt`` is where it is not on the path."""

from backend.cli import main

main()
