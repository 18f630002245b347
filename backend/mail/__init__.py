"""Mail to raters: their texts, the server they go to, and the queue between."""
