"""Landed tables at any size, and what the warehouse needs for them: see README.md here."""
