"""Templates and static files of the pages; no code of its own."""
