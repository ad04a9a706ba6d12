"""What a labelled dataset is like: its table, its defects' shapes, its duplicates, labels that look wrong."""
