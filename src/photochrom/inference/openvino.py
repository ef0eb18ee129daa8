"""The same network on OpenVINO (extra `fast`); `benchmarks/network.py` tells how much quicker."""

import sys
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from ..errors import MissingExtraError, ModelError
from .card import detach
from .session import (
    NEUTRAL,
    Floats,
    Prediction,
    answered,
    check_colorizer,
    check_distribution,
    check_names,
    fed,
    spread,
)


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
        core = openvino.Core()
        try:
            whole = core.read_model(graph)
        except RuntimeError as error:
            raise _unloadable(name, error) from error
        inputs = [port.any_name for port in whole.inputs]
        outputs = [port.any_name for port in whole.outputs]
        check_names(self.card, inputs, outputs, name)

        def compiled(wanted: Sequence[str]) -> Any:
            ports = [whole.output(output).node.input_value(0) for output in wanted]
            part = openvino.Model(ports, whole.get_parameters())
            try:
                return core.compile_model(part, "CPU", settings)
            except RuntimeError as error:
                raise _unloadable(name, error) from error

        self._colors = compiled(self.card.colors)
        # Apart and when asked for: OpenVINO computes and copies every output, and with 313 planes
        # more, coloring took 4 % longer at 256² on one thread.
        self._logits = _Later(lambda: compiled(["logits"]))

    def predict(
        self, lightness: Floats, temperature: float, style: Floats | None = None
    ) -> Prediction:
        """Run the network on one picture; see `Network.predict`."""
        feed = fed(self.card, lightness, temperature, style)
        return answered(_run(self._colors, self.card.colors, feed))

    def distribution(self, lightness: Floats, style: Floats | None = None) -> Floats:
        """Logits over the bins; see `Network.distribution`."""
        check_distribution(self.card)
        feed = fed(self.card, lightness, NEUTRAL, style)
        return spread(_run(self._logits(), ["logits"], feed)["logits"])


class _Later:
    """What is made by the first thread that asks for it, and shared."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: Any = None

    def __call__(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


def _run(network: Any, names: Sequence[str], feed: Mapping[str, Floats]) -> dict[str, Floats]:
    """Outputs by name; safe from several threads, as every call has a request of its own."""
    request = network.create_infer_request()
    request.infer(feed)
    return {name: request.get_tensor(name).data.copy() for name in names}


def _unloadable(name: str, error: RuntimeError) -> ModelError:
    reason = " ".join(str(error).split())
    return ModelError(f"{name}: OpenVINO cannot load it ({reason})")


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
