import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Two threads on a busy machine wait for each other, and tests take 20 times as long."""
    torch.set_num_threads(1)
