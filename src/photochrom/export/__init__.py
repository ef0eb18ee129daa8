"""From a trained network to an ONNX file with its card, and the proof that both agree."""
