"""Raters in a closed loop against a real server, beside a bare insert: `make bench-serving`."""
