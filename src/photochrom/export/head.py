"""The end of a graph over bins: its last 1×1 convolution and the decoding behind it.

The 313 planes behind that convolution are the largest tensor by far (5 MB at 256²), and what the
decoding costs is the number of times that they are read and written. As PyTorch exports it, it took
28 % of ONNX Runtime's time at 256² on two cores: planes are moved to the last axis, and normalized
twice before their exponentials are taken again. Here a place's logits lie side by side from the
start, and nothing is normalized but the sums. What is computed is the same (Zhang et al. 2016,
equation 5): with z = x - max x, colors are Σ c exp(z/T) / Σ exp(z/T), and the entropy is
log Σ exp(z) - Σ z exp(z) / Σ exp(z).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ..color import bin_centers
from ..errors import ModelError

_LARGEST = 127  # of symmetric signed weights: -128 would have no opposite


@dataclass(frozen=True)
class Head:
    """A convolution that looks at single places."""

    features: str
    """Name of its input, `(N, C, h, w)`."""
    channels: int
    """C."""
    kernel: NDArray[np.float32]
    """`(C, 313)`."""
    bias: NDArray[np.float32]
    """`(313,)`."""


def part(model: onnx.ModelProto, name: str) -> tuple[onnx.ModelProto, Head]:
    """Cut a graph over bins before its head.

    Args:
        model: from lightness and temperature to ab, entropy and logits.
        name: what error messages call it.

    Returns:
        The graph from lightness to the features that the head sees, and the head.

    Raises:
        ModelError: its logits do not come of a 1×1 convolution.
    """
    constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    makers = {output: node for node in model.graph.node for output in node.output}
    head = makers["logits"]
    kernel = constants.get(head.input[1]) if head.op_type == "Conv" else None
    if kernel is None or kernel.shape[2:] != (1, 1):
        raise ModelError(
            f"{name}: its logits do not come of a 1×1 convolution, and no other end can be put "
            "into 8 bits; use the network as it is"
        )
    bins, channels = kernel.shape[:2]
    bias = constants[head.input[2]] if len(head.input) > 2 else np.zeros(bins, np.float32)
    features = _float(head.input[0], "n", channels, "i", "j")
    known = onnx.shape_inference.infer_shapes(model)  # the extractor asks for every shape
    body = onnx.utils.Extractor(known).extract_model(["lightness"], [head.input[0]])
    del body.graph.output[:]
    body.graph.output.append(features)
    return body, Head(head.input[0], channels, kernel[:, :, 0, 0].T, bias)


def join(body: onnx.ModelProto, head: Head, name: str) -> onnx.ModelProto:
    """Put a head in 8 bits, and the decoding in floating point, behind a graph in 8 bits.

    Args:
        body: from lightness to the head's features, which DequantizeLinear puts out.
        head: as `part` gave it.
        name: what error messages call it.

    Returns:
        A graph from lightness and temperature to ab, entropy and logits.

    Raises:
        ModelError: nothing before the head is in 8 bits.
    """
    graph = body.graph
    maker = next(node for node in graph.node if head.features in node.output)
    if maker.op_type != "DequantizeLinear":
        raise ModelError(f"{name}: has no layers that 8 bits would make quicker; use it as it is")
    scale, zero = maker.input[1:]
    weights = np.abs(head.kernel).max(axis=0) / np.float32(_LARGEST)  # (313,)
    centers = bin_centers().astype(np.float32)
    constants = {
        "head.kernel": np.rint(head.kernel / weights).astype(np.int8),
        "head.scale": weights,
        "head.zero": np.zeros(len(weights), np.int8),
        "head.bias": head.bias,
        "head.centers": np.pad(centers, ((0, 0), (0, 1)), constant_values=1),  # (313, 3): a, b, 1
        "head.parts": np.array([2, 1], np.int64),
        "head.last": np.array([-1], np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    quantizing = f"{scale} {zero}"
    graph.node.extend(
        [
            # Moved while there are few of them: features, not logits.
            _node("Transpose", head.features, "head.moved", perm=[0, 2, 3, 1]),
            _node("QuantizeLinear", f"head.moved {quantizing}", "head.small"),
            _node("DequantizeLinear", f"head.small {quantizing}", "head.x"),
            _node("DequantizeLinear", "head.kernel head.scale head.zero", "head.w", axis=1),
            _node("MatMul", "head.x head.w", "head.product"),
            _node("Add", "head.product head.bias", "bins.x"),  # (n, i, j, 313)
            _node("Transpose", "bins.x", "logits", perm=[0, 3, 1, 2]),
            _node("ReduceMax", "bins.x head.last", "bins.max"),
            _node("Sub", "bins.x bins.max", "bins.z"),
            *_colors(),
            *_entropy(),
        ]
    )
    graph.input.append(_float("temperature"))
    del graph.output[:]
    graph.output.extend(
        [
            _float("ab", "n", 2, "i", "j"),
            _float("entropy", "n", "i", "j"),
            _float("logits", "n", len(weights), "i", "j"),
        ]
    )
    onnx.checker.check_model(body, full_check=True)
    return body


def _colors() -> list[onnx.NodeProto]:
    """The annealed mean: both sums over the bins by one product."""
    return [
        _node("Div", "bins.z temperature", "ab.z"),
        _node("Exp", "ab.z", "ab.exp"),
        _node("MatMul", "ab.exp head.centers", "ab.sums"),  # (n, i, j, 3)
        _node("Split", "ab.sums head.parts", "ab.weighted ab.sum", axis=-1),
        _node("Div", "ab.weighted ab.sum", "ab.mean"),
        _node("Transpose", "ab.mean", "ab", perm=[0, 3, 1, 2]),
    ]


def _entropy() -> list[onnx.NodeProto]:
    """Of the distribution before any temperature, in nats."""
    return [
        _node("Exp", "bins.z", "entropy.exp"),
        _node("Mul", "entropy.exp bins.z", "entropy.weighted"),
        _node("ReduceSum", "entropy.exp head.last", "entropy.sum", keepdims=0),
        _node("ReduceSum", "entropy.weighted head.last", "entropy.sum_of_weighted", keepdims=0),
        _node("Log", "entropy.sum", "entropy.log"),
        _node("Div", "entropy.sum_of_weighted entropy.sum", "entropy.mean"),
        _node("Sub", "entropy.log entropy.mean", "entropy"),
    ]


def _node(operator: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    names = outputs.split()
    return helper.make_node(operator, inputs.split(), names, name=f"end.{names[0]}", **attributes)


def _float(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
