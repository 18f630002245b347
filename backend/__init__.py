"""The web half: a study is set up, rated, watched, exported and analysed. Imports no torch."""
