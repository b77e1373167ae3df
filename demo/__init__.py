"""The demo company: a small, wholly invented world, written as the tables a connector would land.

``python -m demo`` rewrites ``seeds/demo`` and ``demo/truths.json``. Same code, same bytes.
"""
