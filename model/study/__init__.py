"""The reference study, trained and judged again: its ten rows, its loss, its protocols beside our own."""
