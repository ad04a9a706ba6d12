"""From labelled frames to a bundle: read, sample, train, calibrate, judge, export. Needs torch."""
