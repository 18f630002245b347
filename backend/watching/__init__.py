"""Watching a study while it runs: how far its raters are, and who may not be rating with care."""
