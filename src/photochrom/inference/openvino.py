"""The same network on OpenVINO (extra `fast`); `benchmarks/speed.py` tells how much quicker."""

import sys
from typing import Any

from ..errors import MissingExtraError, ModelError
from .card import detach
from .session import Floats, Prediction, answered, check_colorizer, check_names, fed


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
        check_colorizer(self.card, name)
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
        inputs = [port.any_name for port in self._network.inputs]
        outputs = [port.any_name for port in self._network.outputs]
        check_names(self.card, inputs, outputs, name)

    def predict(
        self, lightness: Floats, temperature: float, style: Floats | None = None
    ) -> Prediction:
        """Run the network on one picture; see `Network.predict`."""
        request = self._network.create_infer_request()  # one a call: requests are not shared
        request.infer(fed(self.card, lightness, temperature, style))
        names = self.card.outputs
        return answered({name: request.get_tensor(name).data.copy() for name in names})


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
