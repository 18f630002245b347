"""The database: tables, sessions and every query. The only place that builds SQL."""
