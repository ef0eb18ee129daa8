"""The weights of a backbone as an ONNX graph, features and logits of one color picture."""

import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..inference.session import _runtime
from ..models.backbones.edgetpu import EdgeTpuClassifier
from ..models.backbones.mobilenet_v2 import MobileNetV2Classifier
from ..models.weights import read_tensors

_BY_FIRST = {
    "stem.conv.weight": EdgeTpuClassifier,
    "features.0.0.weight": MobileNetV2Classifier,
}
_SIZE = 224
_TOLERANCE = 1e-3  # of the largest logit; 1e-6 was seen


def backbone_graph(path: Path) -> bytes:
    """The ONNX graph of a classifier, proven to compute what torch does; takes some seconds.

    Input `picture` (1, 3, 224, 224), RGB in [-1, 1]; outputs `features` (1, 1280), `logits` (1, K).

    Args:
        path: `.safetensors` with all its weights; which of the two it is, the names tell.

    Raises:
        ModelError: the file is missing, damaged or another network's.
    """
    model = _classifier(read_tensors(path), path)
    drawn = torch.rand(1, 3, _SIZE, _SIZE, generator=torch.Generator().manual_seed(0))
    picture = 2 * drawn - 1
    graph = _exported(model, picture)
    with torch.no_grad():
        expected = model(picture)[1].numpy()
    session = _runtime().InferenceSession(graph, providers=["CPUExecutionProvider"])
    (actual,) = session.run(["logits"], {"picture": picture.numpy()})
    if not np.abs(actual - expected).max() <= _TOLERANCE * np.abs(expected).max():
        raise ModelError(f"{path}: its ONNX graph differs from PyTorch; check the weights")
    return graph


def _classifier(tensors: dict[str, Tensor], path: Path) -> nn.Module:
    build = next((build for first, build in _BY_FIRST.items() if first in tensors), None)
    if build is None or tensors.get("classifier.bias", torch.tensor(0)).dim() != 1:
        raise ModelError(
            f"{path}: neither a MobileNet-EdgeTPU nor a MobileNetV2 classifier; its tensors begin "
            f"with {', '.join(sorted(tensors)[:3]) or 'none'}"
        )
    model = build(classes=len(tensors["classifier.bias"]))
    ours = model.state_dict()
    named = {name if name in ours else f"encoder.{name}": t for name, t in tensors.items()}
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in named.items()})
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: not all of a classifier's weights ({reason})") from error
    return model.eval()


def _exported(model: nn.Module, picture: Tensor) -> bytes:
    logger = logging.getLogger("torch.onnx")  # says that torchvision is missing, which is well
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations within torch
            program = torch.onnx.export(
                model,
                (picture,),
                dynamo=True,
                input_names=["picture"],
                output_names=["features", "logits"],
                external_data=False,
                verbose=False,
            )
    finally:
        logger.setLevel(level)
    if program is None:  # of the exporter before dynamo, which this is not
        raise ModelError("PyTorch exported no graph")
    graph: bytes = program.model_proto.SerializeToString()
    return graph
