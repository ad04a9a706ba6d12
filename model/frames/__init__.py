"""Labelled frames: the competition's layout read and checked, folds, and its download."""
