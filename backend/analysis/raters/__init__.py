"""What each rater can tell, one at a time."""
