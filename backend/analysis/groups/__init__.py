"""What groups of raters can tell, and how they differ."""
