"""Every message on the line, the frame codec, and the topics: what a data engineer integrates against."""
