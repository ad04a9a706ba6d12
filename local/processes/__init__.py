"""Parts of the line, and what watches it, as processes of this one: started, kept, ended for certain."""
