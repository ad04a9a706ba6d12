"""The two ways the simulator fails a user, apart from a bug."""

from __future__ import annotations


class SimulatorRefused(Exception):
    """What was asked for cannot be done; the text is one sentence that says what to do. Exit code 2."""


class SendFailed(Exception):
    """The broker did not take, or not give, what it should; the text is one sentence. Exit code 1."""
