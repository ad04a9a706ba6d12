"""Rules in YAML, and the verdict that they give."""
