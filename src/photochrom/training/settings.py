"""The settings of a training run; each has a meaning and, where that makes sense, a default."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..models.spec import Kind


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )


class Model(_Section):
    """Which network."""

    name: str
    """Network of the catalog; `photochrom models` lists them."""
    output: Kind | None = None
    """What it predicts: bins, chroma, rgb or classes; without, what its authors chose."""
    space: Literal["lab", "yuv", "hsl"] = "lab"
    """Color space of `chroma`."""
    settings: dict[str, Any] = {}
    """Keyword arguments of the network's class."""
    conditioned: bool = False
    """Feed the picture's class to the network as one-hot maps, and train a classifier beside it
    that supplies the class where nobody knows it."""
    initialization: Literal["own", "xavier", "uniform", "normal"] = "own"
    """Of convolutions and linear layers: the network's own; Glorot and Bengio's uniform one;
    PyTorch's default, uniform too but narrower; or N(0, 0.02)."""
    backbone: Path | None = None
    """Classifier weights (safetensors) that start the encoder; without, it starts at random."""
    weights: Path | None = None
    """A checkpoint whose averaged weights start the whole network: to go on from another run."""


class Stream(_Section):
    """Tar shards that are walked through block by block, for sets larger than a disk."""

    shards_per_block: int = Field(4, ge=1)
    """Shards that are in memory at a time, decoded. As many again are being decoded, and the first
    ones stay, to be looked at."""
    steps_per_block: int = Field(250, ge=1)
    """Steps before the next block."""


class Data(_Section):
    """Which pictures."""

    root: Path = Path(".")
    """Folder that the other paths are relative to."""
    train: tuple[str, ...] = Field(min_length=1)
    """Color pictures to learn from: folders, zip files, folders inside zip files, CIFAR-10's
    binary files, tar shards (`part-{000..099}.tar`), also by URL."""
    validation: tuple[str, ...] = ()
    """Color pictures to watch progress on; never learned from. Without any, the training pictures
    stand in."""
    short_side: int = Field(160, ge=16)
    """Pictures with a longer short side are reduced to this when they are decoded."""
    min_colorfulness: float = 6.0
    """Hasler-Süsstrunk colorfulness below which a picture counts as grey and is left out."""
    classes: tuple[str, ...] = ()
    """Only pictures of these classes; without any, all. A class is the folder a picture is in."""
    unlabeled: tuple[str, ...] = ("photo",)
    """Classes that are none: their pictures have no label."""
    limit: int | None = Field(None, ge=1)
    """At most so many pictures, a fixed random sample."""
    stream: Stream | None = None
    """Read tar shards as training goes, instead of decoding everything first."""


class CrossEntropy(_Section):
    """Rebalanced cross-entropy over the ab bins; for the output `bins`."""

    weight: float = Field(1.0, gt=0)
    """Factor in the sum of losses."""
    neighbors: int = Field(5, ge=1)
    """Bins that share a pixel's target."""
    sigma: float = Field(5.0, gt=0)
    """Width of the Gaussian over those bins, in ab units."""
    rebalance: float = Field(0.5, gt=0, le=1)
    """Share of the uniform distribution in the prior that weights are inverse to; 1 turns
    rebalancing off."""


class Regression(_Section):
    """A distance between colors, which are scaled to about [-1, 1]."""

    weight: float = Field(1.0, gt=0)
    """Factor in the sum of losses; 100 in pix2pix."""


class SmoothL1(Regression):
    """A squared distance near 0, an absolute one beyond."""

    beta: float = Field(1 / 110, gt=0)
    """Where the one becomes the other; in `lab` 1/110 is one ab unit, PyTorch's default for
    networks that predict those."""


class Classification(_Section):
    """Cross-entropy of the picture's class, for networks that tell it too."""

    weight: float = Field(1 / 300, gt=0)
    """Factor in the sum of losses; Iizuka, Simo-Serra and Ishikawa 2016 have 1/300."""


class Adversarial(_Section):
    """A discriminator, which learns to tell real colors from the network's."""

    weight: float = Field(1.0, gt=0)
    """Factor in the sum of the network's losses."""
    kind: Literal["bce", "lsgan"] = "bce"
    """Cross-entropy (pix2pix) or least squares (CycleGAN)."""
    discriminator: str = "patch"
    """Which one; `photochrom models` lists them."""
    settings: dict[str, Any] = {}
    """Keyword arguments of the discriminator's class."""
    learning_rate: float | None = Field(None, gt=0)
    """Its peak rate; without, the network's."""


class Cycle(_Section):
    """A second network on the way back from color to grey: training without pairs."""

    weight: float = Field(10.0, gt=0)
    """Factor of the difference after both ways; 10 in CycleGAN."""
    identity: float = Field(0.5, ge=0)
    """Factor, times `weight`, of the change that a network makes to a picture of its own goal."""
    history: int = Field(50, ge=0)
    """Generated pictures that are kept to show the discriminators again (Shrivastava et al.
    2017)."""


class Loss(_Section):
    """What is made smaller: the sum of the parts that are given."""

    cross_entropy: CrossEntropy | None = None
    """Classification of colors."""
    l1: Regression | None = None
    """Mean absolute difference of colors."""
    l2: Regression | None = None
    """Mean squared difference of colors."""
    smooth_l1: SmoothL1 | None = None
    """Huber's mixture of both."""
    classification: Classification | None = None
    """Joint classification of the picture."""
    adversarial: Adversarial | None = None
    """The verdict of a discriminator that learns too."""
    cycle: Cycle | None = None
    """Unpaired training; needs `adversarial`, excludes the paired losses."""

    @property
    def paired(self) -> tuple[str, ...]:
        """Names of the losses that compare a picture with its own original."""
        names = ("cross_entropy", "l1", "l2", "smooth_l1", "classification")
        return tuple(name for name in names if getattr(self, name))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.paired and not self.adversarial:
            raise ValueError("no loss is given")
        if self.cycle and (not self.adversarial or self.paired):
            raise ValueError("cycle goes with adversarial alone")
        if not self.cycle and not self.paired:
            raise ValueError("adversarial alone, without a distance, forgets the picture")
        return self


class Optimizer(_Section):
    """How it is made smaller."""

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    """Adam (Kingma and Ba 2015), with decoupled weight decay (Loshchilov and Hutter 2019), or
    stochastic gradient descent with Nesterov's momentum."""
    learning_rate: float = Field(2e-3, gt=0)
    """Peak rate of layers that start from nothing."""
    backbone_rate: float | None = Field(None, gt=0)
    """Peak rate of an encoder that starts from `model.backbone`; without, a tenth of the others."""
    momentum: float = Field(0.9, ge=0, lt=1)
    """Of sgd; Adam's first beta. GANs use 0.5."""
    weight_decay: float = Field(0.01, ge=0)
    """Decay of weights, each step, times the rate; as L2 penalty in adam and sgd."""
    clip_norm: float = Field(1.0, ge=0)
    """Gradients with a larger norm are scaled down to it; 0 turns it off."""
    ema_decay: float = Field(0.999, ge=0, lt=1)
    """Decay of the moving average of weights, which is what gets exported; 0: the last weights."""


class Schedule(_Section):
    """How the rate changes."""

    name: Literal["cosine", "constant", "plateau"] = "cosine"
    """Half a cosine to the end; no change; or a drop whenever the validation loss stands still."""
    warmup_steps: int = Field(200, ge=0)
    """Steps over which the rate rises from 0."""
    final_fraction: float = Field(0.01, ge=0, le=1)
    """The rate at the end of `cosine`, and the lowest of `plateau`, as a fraction of the peak."""
    drop: float = Field(0.1, gt=0, lt=1)
    """Factor of `plateau`: 1e-3 becomes 1e-4."""
    patience: int = Field(5, ge=0)
    """Checkpoints without a better validation loss that `plateau` lets pass."""


class Stage(_Section):
    """A stretch of training at one crop size."""

    size: int = Field(ge=16)
    """Side of the square crops; a multiple of the network's size multiple."""
    steps: int = Field(ge=1)
    """Optimizer steps."""


class Recipe(_Section):
    """Everything that decides what a training run computes."""

    name: str = Field(pattern=r"^[^./\\][^/\\]*$")
    """Name of the run, and so of its folder, and of the exported network."""
    model: Model
    """Which network, and what it starts from."""
    data: Data
    """Which pictures."""
    loss: Loss = Loss(cross_entropy=CrossEntropy())
    """What is made smaller."""
    optimizer: Optimizer = Optimizer()
    """How it is made smaller."""
    schedule: Schedule = Schedule()
    """How the rate changes."""
    stages: tuple[Stage, ...] = Field(min_length=1)
    """Crop sizes, one after the other; small crops first save time."""
    batch: int = Field(32, ge=1)
    """Crops a step, over all processes together."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the convolutions; weights and losses stay in fp32."""
    checkpoint_every: int = Field(500, ge=1)
    """Steps between checkpoints, each with validation and contact sheet."""
    film: tuple[int, ...] = ()
    """Steps that the film strip shows; without any, eight, each twice the one before."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Decides initial weights and the order of everything."""

    @property
    def steps(self) -> int:
        """Optimizer steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @property
    def film_steps(self) -> tuple[int, ...]:
        """Steps that the film strip shows, in order."""
        doubling = {max(1, self.steps >> halvings) for halvings in range(8)}
        return tuple(sorted(set(self.film) or doubling))
