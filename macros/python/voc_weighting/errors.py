"""The one kind of error that is meant for the person at the keyboard."""

from __future__ import annotations


class WeightingError(Exception):
    """A mistake that the user can mend; its text is shown as it is, without a traceback."""
