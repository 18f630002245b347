"""What whoever runs an installation does with all of it: check it, back it up, restore it."""
