"""The frame replay simulator: a folder, a recording or a synthetic strip, sent as a line would send it."""
