"""The audit of a mix: can truth be told from its files, or from traces in its pixels? Knows no study.

`reading` takes a mix as it is, `files` and the pixel modules measure it channel by channel, `judging`
compares reals with fakes, `report` and `text` say what was found. Knows neither the web nor the database.
"""
