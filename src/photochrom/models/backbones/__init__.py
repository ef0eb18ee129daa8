"""Encoders that networks share, with the classifiers' weights they can start from."""
