"""The claims of the seeds, as tests on the cells of `recipes/odyssey.toml`.

Seeds: 000 Learning Image Colorization with Deep Neural Networks in TensorFlow; 001 Black and White
Image Colorization with Deep Learning; 002 corolization; 003 A Search Space Odyssey; 004 Let there
be Color! in Mathematica.
"""

from .measures import At, Gain, Of, PerColor, StyleChange
from .verdict import Check, Claim

NATURE = (
    "bamboo-forest",
    "bird",
    "butterfly",
    "desert",
    "fish",
    "flower",
    "forest",
    "glacier",
    "insect",
    "landscape",
    "mountain",
    "ocean",
    "rainforest",
    "sea",
    "sky",
    "waterfall",
)
"""Classes of pictures without people and their things."""

MADE = (
    "auditorium",
    "bathroom",
    "bedroom",
    "bike",
    "buildings",
    "bus",
    "car",
    "cassette-player",
    "chain-saw",
    "church",
    "clothing",
    "computer-room",
    "french-horn",
    "garbage-truck",
    "gas-pump",
    "groceries",
    "guitar",
    "house",
    "indoor",
    "kitchen",
    "laundromat",
    "library",
    "object",
    "packaging",
    "ship",
    "shop",
    "street",
)
"""Classes of pictures of things that people made."""

SCENES = (
    "bamboo-forest",
    "buildings",
    "desert",
    "forest",
    "glacier",
    "house",
    "landscape",
    "mountain",
    "ocean",
    "rainforest",
    "sea",
    "sky",
    "street",
    "waterfall",
)
"""Classes of views with nobody's face in them."""

_T = 0.38
_MODE, _TEMPERED, _MEAN = (At("zhang-rebalanced", t) for t in (0.01, _T, 1.0))
_PLAIN = At("zhang-plain", _T)
_BETA, _GAMMA, _ORIGINAL = At("beta"), At("gamma"), At("original")
_LAB, _RGB, _FACES, _DOGS = (At(f"pix2pix-{name}") for name in ("lab", "rgb", "faces", "dogs"))
_SEARCHED = At("searchspace-l2")
_SEARCHED_CLASSES = At("searchspace-cross-entropy", _T)
_JOINT, _ALONE = At("iizuka"), At("iizuka-alone")


def _against(words: str, figure: str, left: At, right: At, side: str) -> Check:
    return Check(words, Of(figure, left), Of(figure, right), side)  # type: ignore[arg-type]


def _better(what: str, left: At, right: At) -> tuple[Check, ...]:
    """Other ways to say better or worse, told beside."""
    return (
        _against(f"{what} errs less", "ciede2000", left, right, "below"),
        _against(f"{what} is more colorful", "colorfulness_ratio", left, right, "above"),
    )


CLAIMS = (
    Claim(
        "l2-duller",
        ("000", "002", "003"),
        "A network that learns by squared error colors duller than one that learns by "
        "cross-entropy.",
        (
            _against(
                "Zhang's network is duller with L2",
                "colorfulness_ratio",
                At("zhang-l2"),
                _PLAIN,
                "below",
            ),
            _against(
                "The search-space network is duller with L2",
                "colorfulness_ratio",
                _SEARCHED,
                _SEARCHED_CLASSES,
                "below",
            ),
        ),
        also=(
            _against(
                "L2 is duller than cross-entropy whose mean is taken (T = 1)",
                "colorfulness_ratio",
                At("zhang-l2"),
                At("zhang-plain", 1.0),
                "below",
            ),
            _against(
                "L2 is duller than rebalanced cross-entropy",
                "colorfulness_ratio",
                At("zhang-l2"),
                _TEMPERED,
                "below",
            ),
        ),
        remark="Cross-entropy without rebalancing, decoded at T = 0.38. Early in training its "
        "likeliest color is the most frequent one, grey, to which a low temperature leads.",
    ),
    Claim(
        "rebalancing",
        ("000", "002"),
        "Weighing rare colors up makes results more colorful.",
        (
            _against(
                "With rebalancing the same network is more colorful",
                "colorfulness_ratio",
                _TEMPERED,
                _PLAIN,
                "above",
            ),
        ),
        also=(
            _against("It finds rare colors better", "rebalanced_auc", _TEMPERED, _PLAIN, "above"),
        ),
        remark="Both decoded at T = 0.38.",
    ),
    Claim(
        "argmax-spots",
        ("000",),
        "Taking the likeliest color leaves spots.",
        (
            _against(
                "At T = 0.01 there are more spots than at T = 0.38",
                "spottedness",
                _MODE,
                _TEMPERED,
                "above",
            ),
        ),
        also=(
            _against(
                "There are more than in the originals", "spottedness", _MODE, _ORIGINAL, "above"
            ),
        ),
    ),
    Claim(
        "mean-dulls",
        ("000",),
        "Taking the mean of the likely colors dulls.",
        (
            _against(
                "At T = 1 results are less colorful than at T = 0.38",
                "colorfulness_ratio",
                _MEAN,
                _TEMPERED,
                "below",
            ),
        ),
    ),
    Claim(
        "temperature-between",
        ("000",),
        "A temperature between has fewer spots than the one and more color than the other.",
        (
            _against(
                "At T = 0.38 there are fewer spots than at T = 0.01",
                "spottedness",
                _TEMPERED,
                _MODE,
                "below",
            ),
            _against(
                "At T = 0.38 results are more colorful than at T = 1",
                "colorfulness_ratio",
                _TEMPERED,
                _MEAN,
                "above",
            ),
        ),
        also=(
            _against("It has more spots than T = 1", "spottedness", _TEMPERED, _MEAN, "above"),
            _against(
                "It is less colorful than T = 0.01",
                "colorfulness_ratio",
                _TEMPERED,
                _MODE,
                "below",
            ),
        ),
    ),
    Claim(
        "no-help",
        ("003",),
        "Dropout and smooth L1 do not help.",
        (
            _against(
                "Dropout does not lower the pixel-wise error",
                "pixel_l2",
                At("searchspace-dropout"),
                _SEARCHED,
                "not below",
            ),
            _against(
                "Smooth L1 does not lower the pixel-wise error",
                "pixel_l2",
                At("searchspace-smooth-l1"),
                _SEARCHED,
                "not below",
            ),
        ),
        also=(
            _against(
                "Dropout loses color",
                "colorfulness_ratio",
                At("searchspace-dropout"),
                _SEARCHED,
                "below",
            ),
            _against(
                "Smooth L1 loses color",
                "colorfulness_ratio",
                At("searchspace-smooth-l1"),
                _SEARCHED,
                "below",
            ),
            _against(
                "Dropout finds rare colors worse",
                "rebalanced_auc",
                At("searchspace-dropout"),
                _SEARCHED,
                "below",
            ),
            _against(
                "Smooth L1 finds rare colors worse",
                "rebalanced_auc",
                At("searchspace-smooth-l1"),
                _SEARCHED,
                "below",
            ),
        ),
        remark="On the search-space network with L2, at 32×32. The pixel-wise error is what seed "
        "003 judges by; it is lowered by grey too, so color is told beside it.",
    ),
    Claim(
        "beta-brown",
        ("001",),
        "The results of the simplest network, beta, are dominated by brown.",
        (
            _against(
                "More of the chroma is warm than in the originals",
                "warmth",
                _BETA,
                _ORIGINAL,
                "above",
            ),
            _against(
                "Its hues vary less within a picture than the originals'",
                "hue_spread",
                _BETA,
                _ORIGINAL,
                "below",
            ),
        ),
        remark="Brown: warm hues (20° to 100° in CIELAB) and little else in the same picture.",
    ),
    Claim(
        "gamma-helps",
        ("001",),
        "A classifier beside the encoder (gamma) colors better than the encoder alone (beta).",
        (
            _against(
                "Gamma finds the right colors more often",
                "rebalanced_auc",
                _GAMMA,
                _BETA,
                "above",
            ),
        ),
        also=_better("Gamma", _GAMMA, _BETA),
        remark="Seed 001 expected it and could not see it after 50 epochs.",
    ),
    Claim(
        "lab-beats-rgb",
        ("001",),
        "pix2pix that predicts ab colors better than pix2pix that predicts RGB.",
        (_against("Lab finds the right colors more often", "rebalanced_auc", _LAB, _RGB, "above"),),
        also=_better("Lab", _LAB, _RGB),
        remark="Colors alone are judged: the luminance is the original's for both, so the blur "
        "that seed 001 saw in RGB results does not count here.",
    ),
    Claim(
        "faces",
        ("001",),
        "A network trained on faces colors faces better and scenes worse than one trained on "
        "everything.",
        (
            Check(
                "On faces, it errs less",
                Of("ciede2000", _FACES, ("face",)),
                Of("ciede2000", _LAB, ("face",)),
                "below",
            ),
            Check(
                "On scenes, it errs more",
                Of("ciede2000", _FACES, SCENES),
                Of("ciede2000", _LAB, SCENES),
                "above",
            ),
        ),
        also=(
            Check(
                "On faces, it is more colorful",
                Of("colorfulness_ratio", _FACES, ("face",)),
                Of("colorfulness_ratio", _LAB, ("face",)),
                "above",
            ),
        ),
        remark="pix2pix, as many crops seen, of 1,389 faces or of 10,000 pictures of everything.",
    ),
    Claim(
        "single-class",
        ("002",),
        "A network trained on one class colors it better than one trained on everything.",
        (
            Check(
                "On dogs, the network of dogs errs less",
                Of("ciede2000", _DOGS, ("dog",)),
                Of("ciede2000", _LAB, ("dog",)),
                "below",
            ),
        ),
        also=(
            Check(
                "On dogs, it is more colorful",
                Of("colorfulness_ratio", _DOGS, ("dog",)),
                Of("colorfulness_ratio", _LAB, ("dog",)),
                "above",
            ),
        ),
    ),
    Claim(
        "initialization",
        ("002",),
        "Uniform initialization lets colors flow over edges that Xavier initialization keeps.",
        (
            Check(
                "For its colorfulness, the uniform start bleeds more",
                PerColor("bleeding", At("zhang-uniform", _T)),
                PerColor("bleeding", _TEMPERED),
                "above",
            ),
        ),
        also=(
            _against(
                "It bleeds more, whatever its colorfulness",
                "bleeding",
                At("zhang-uniform", _T),
                _TEMPERED,
                "above",
            ),
            _against(
                "It is less colorful",
                "colorfulness_ratio",
                At("zhang-uniform", _T),
                _TEMPERED,
                "below",
            ),
        ),
        remark="Uniform is PyTorch's default. Bleeding is a chroma gradient, which pale pictures "
        "have less of, hence over colorfulness.",
    ),
    Claim(
        "nature",
        ("003",),
        "Nature is easier to color than things that people made.",
        tuple(
            Check(
                f"{name} takes more of the grey picture's error away in nature",
                Gain(way, NATURE),
                Gain(way, MADE),
                "above",
                paired=False,
            )
            for name, way in (("Beta", _BETA), ("Zhang's network", At("zhang-plain", 1.0)))
        ),
        also=(
            Check(
                "Beta errs less in nature",
                Of("ciede2000", _BETA, NATURE),
                Of("ciede2000", _BETA, MADE),
                "below",
                paired=False,
            ),
        ),
        remark="Two groups of pictures, each drawn for itself. Zhang's network is decoded at "
        "T = 1, which errs least.",
    ),
    Claim(
        "joint",
        ("004",),
        "Learning the picture's class jointly helps to color it.",
        (
            _against(
                "With classification the network finds the right colors more often",
                "rebalanced_auc",
                _JOINT,
                _ALONE,
                "above",
            ),
        ),
        also=_better("With classification it", _JOINT, _ALONE),
    ),
    Claim(
        "style",
        ("004",),
        "The global features of another picture change the colors.",
        (
            Check(
                "Colors change by more than 1 ΔE2000, about what can just be seen",
                StyleChange("iizuka"),
                1.0,
                "above",
            ),
        ),
        remark="Each picture in its own style and in that of the picture half the list away.",
    ),
)
"""In the order in which reports tell them."""
