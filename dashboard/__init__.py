"""The reference dashboard: a static site made from the published marts."""
