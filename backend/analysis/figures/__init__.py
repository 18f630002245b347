"""The results as figures for print."""
