"""What the landed tables and the public marts must look like, checked by Great Expectations."""
