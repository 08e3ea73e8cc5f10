"""Measurements as ratios in one run, against what a user would otherwise do; never part of tests."""
