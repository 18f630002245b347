"""What comes from outside, mistrusted: archives and pictures that may be made to do harm."""
