"""The archival round trip: a file colored with nothing of it lost, said so in the file, proven."""
