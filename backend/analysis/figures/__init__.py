"""The results as figures for print: `registry.FIGURES` are those of a report, `formats` their files."""
