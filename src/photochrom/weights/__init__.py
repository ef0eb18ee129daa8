"""Trained networks: ONNX files, each with its card inside."""
