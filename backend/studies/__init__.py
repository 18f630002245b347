"""The rules of a study: what may happen when, and what then holds. Knows no HTTP and builds no SQL."""
