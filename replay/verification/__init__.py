"""Verification: a session computed again from its journal, and whether its end is proven."""
