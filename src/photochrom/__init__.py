"""Photochrom colors black-and-white photographs."""
