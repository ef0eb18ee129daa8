"""What holds for every test."""

from hypothesis import settings

# A slow example is no fault on a machine that trains a network beside the tests.
settings.register_profile("photochrom", deadline=None)
settings.load_profile("photochrom")
