"""How many raters and images a study needs, before it is made."""
