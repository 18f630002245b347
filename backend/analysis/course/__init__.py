"""What changes over time: first against final answers, and answers and response times along the order."""
