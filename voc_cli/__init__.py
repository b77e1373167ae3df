"""Command line of the VoC warehouse: settings check, build and summary around dbt."""
