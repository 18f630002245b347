"""Measures of what was made: distances between sets of images, and between images."""
