"""The odyssey: networks, losses, data and decodings under one protocol, and what follows."""
