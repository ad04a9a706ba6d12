"""What training says no to, in one sentence that names what to change; the command line exits with 2."""

from __future__ import annotations


class TrainingRefused(Exception):
    """A recipe, a setting or a run that cannot be trained; the message is one sentence."""
