"""The same network on OpenVINO (extra `fast`); `benchmarks/speed.py` tells how much quicker."""

import sys
from typing import Any

import numpy as np

from ..errors import MissingExtraError, ModelError
from .card import detach
from .session import Floats, Prediction, scaled


class OpenVinoSession:
    """A `Network` on OpenVINO. Safe to use from several threads."""

    def __init__(self, data: bytes, name: str, threads: int = 0) -> None:
        """Load a network.

        Args:
            data: content of an ONNX file with a card.
            name: what error messages call it.
            threads: threads within one call; 0 takes every core.

        Raises:
            MissingExtraError: OpenVINO is not installed.
            ModelError: the file is damaged, or is not what its card says.
        """
        openvino = _runtime()
        graph, self.card = detach(data, name)
        self.threads = threads
        settings: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            # By itself it would round to bfloat16 where the processor can.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        try:
            core = openvino.Core()
            self._network = core.compile_model(core.read_model(graph), "CPU", settings)
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"{name}: OpenVINO cannot load it ({reason})") from error

    def predict(self, lightness: Floats, temperature: float) -> Prediction:
        """Run the network on one picture; see `Network.predict`."""
        request = self._network.create_infer_request()  # one a call: requests are not shared
        request.infer(
            {
                "lightness": scaled(lightness, self.card),
                "temperature": np.array(temperature, dtype=np.float32),
            }
        )
        ab, entropy = (request.get_tensor(name).data for name in ("ab", "entropy"))
        return Prediction(ab=np.moveaxis(ab[0], 0, -1).copy(), entropy=entropy[0].copy())


def _runtime() -> Any:
    """OpenVINO, loaded without its telemetry, which would look up a host and write a file."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as error:
        raise MissingExtraError(
            "openvino is not installed: pip install 'photochrom[fast]'"
        ) from error
    return openvino
