"""Generated pictures of earlier steps, shown again so that a judge does not forget them."""

import torch
from torch import Tensor, nn


class History(nn.Module):
    """A buffer of past pictures (Shrivastava et al. 2017, section 2.3; CycleGAN keeps 50).

    A module without parameters, so that checkpoints hold it. Its draws come from PyTorch's global
    generator, which the loop sets anew each step. Of several processes each has its own, and
    checkpoints hold the first one's.
    """

    pictures: Tensor
    held: Tensor

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity
        self.register_buffer("pictures", torch.empty(0))
        self.register_buffer("held", torch.zeros((), dtype=torch.int64))

    def exchanged(self, batch: Tensor) -> Tensor:
        """The batch `(B, C, H, W)` with about half its pictures swapped for older ones.

        Until the buffer is full, pictures are stored and returned as they are.
        """
        if not self._capacity:
            return batch
        if self.pictures.shape[1:] != batch.shape[1:]:  # the first batch, or a new crop size
            self.pictures = batch.new_zeros(self._capacity, *batch.shape[1:])
            self.held.zero_()
        shown = batch.clone()
        swap = torch.rand(len(batch)) < 0.5
        slots = torch.randint(self._capacity, (len(batch),))
        held = int(self.held)
        for at, picture in enumerate(batch):
            if held < self._capacity:
                self.pictures[held] = picture
                held += 1
            elif swap[at]:
                slot = int(slots[at])
                shown[at] = self.pictures[slot]
                self.pictures[slot] = picture
        self.held.fill_(held)
        return shown

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *rest: object
    ) -> None:
        """Take the shape of the stored pictures, which depends on the crop size."""
        stored = state_dict.get(f"{prefix}pictures")
        if stored is not None:
            self.pictures = torch.empty_like(stored, device=self.held.device)
        super()._load_from_state_dict(state_dict, prefix, *rest)
