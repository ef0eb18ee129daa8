"""The archival round trip: a file colored with nothing of it lost, said so in the file, proven."""

from .coloring import Receipt, color_bytes, color_file
from .order import Order, settings_for

__all__ = ["Order", "Receipt", "color_bytes", "color_file", "settings_for"]
