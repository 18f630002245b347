"""What both databases can hold; by itself, so that the command line knows it before SQLAlchemy is loaded."""

LARGEST_ID = 2**31 - 1
"""The largest number that an integer column holds on both databases."""
