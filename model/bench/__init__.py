"""The reference's study again: three designs, shares of defective frames, engines, measured in one run."""
