"""Measured as ratios in one run, against what a user would otherwise do; not part of tests."""
