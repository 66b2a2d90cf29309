"""Runs: one, and many under common seeds."""
