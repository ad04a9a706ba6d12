"""`make up`: the line live and watched, until somebody ends it."""
