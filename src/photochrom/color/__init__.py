"""Color science, written once for numpy and torch: sRGB, Lab, bins of the ab plane, the gamut."""
