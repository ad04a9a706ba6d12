"""What came out of a line: read from its topics, summed, held against what was sent."""
