"""Discriminators: one file each, with docstring, module and `SPEC`; found by their place."""
