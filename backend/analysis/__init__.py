"""The statistics of a study: arrays in, frozen results out. Knows neither the web nor the database.

`ratings` reads and writes the ratings table, `report.analyze` turns it into results, `figures` draws them.
The web pages, the command line and a script that imports these modules all go through ``report.analyze``,
so they show the same numbers.
"""
