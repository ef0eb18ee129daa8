"""The colorization Turing test: which of two pictures is the photograph?"""
