"""From the ratings table to results, and from results to every form in which they are handed out."""
