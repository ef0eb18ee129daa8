"""A `Colorizer` over a data set: figures, tables, contact sheets."""
