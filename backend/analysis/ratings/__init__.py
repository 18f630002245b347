"""The ratings table: its rows and rules, its arrays, and its CSV file."""

from backend.analysis.ratings.files import COLUMNS, read_ratings, write_ratings
from backend.analysis.ratings.rows import RatingRow, RatingsError
from backend.analysis.ratings.table import RatingsTable

__all__ = ["COLUMNS", "RatingRow", "RatingsError", "RatingsTable", "read_ratings", "write_ratings"]
