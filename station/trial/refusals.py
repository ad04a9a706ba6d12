"""Why a picture is not tried: one type a cause, each with a sentence that says what to do.

Nothing of the request stands in these sentences, and no path of the server.
"""

from __future__ import annotations


class TrialRefused(Exception):
    """A picture that is not tried; the message is for the person who sent it."""


class NotAnImage(TrialRefused):
    """Neither a JPEG nor a PNG."""


class TooLarge(TrialRefused):
    """More bytes than are read."""


class TooManyPixels(TrialRefused):
    """A header that promises more pixels than are decoded."""


class TooSmall(TrialRefused):
    """Fewer pixels than a defect needs."""


class Damaged(TrialRefused):
    """A JPEG or PNG that is cut off, or cannot be decoded to its last pixel."""


class UnknownBundle(TrialRefused):
    """No such bundle or preset, or one that cannot be loaded here."""


class Busy(TrialRefused):
    """As many pictures wait as may."""
