"""HTTP: requests in, rules called, pages out. No rules here."""
