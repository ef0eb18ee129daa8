import pytest
import torch

from photochrom.inference import Card
from photochrom.inference.card import Training


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Two threads on a busy machine wait for each other, and tests take 20 times as long."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def blank() -> Card:
    """A card that says nothing of where the weights come from."""
    training = Training(
        pictures=(), initialization="random", recipe={}, steps=0, commit="", hardware=""
    )
    return Card(
        name="small",
        summary="small",
        licence="Apache-2.0",
        output="bins",
        size_multiple=8,
        working_size=32,
        temperature=0.38,
        training=training,
    )
