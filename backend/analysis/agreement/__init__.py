"""How far raters agree with each other, whatever the truth."""
