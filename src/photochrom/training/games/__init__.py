"""Who learns against whom: one network alone, a network and its judge, two pairs in a circle."""
