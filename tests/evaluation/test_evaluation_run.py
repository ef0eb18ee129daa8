"""Evaluations of real photographs, with the network of the package and others of known colors."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from photochrom import image, metrics
from photochrom.color import colorfulness, srgb_to_lab
from photochrom.errors import DatasetError, ProtocolError
from photochrom.evaluation.comparison import Comparison
from photochrom.evaluation.contestants import contestant
from photochrom.evaluation.extractor import load_extractor
from photochrom.evaluation.protocol import Protocol, read_protocol, write_protocol
from photochrom.evaluation.result import Result
from photochrom.evaluation.run import WORKERS, Evaluation, evaluate, in_threads
from photochrom.inference import Settings, load_colorizer, load_engine

PROTOCOL = Protocol(
    size=96,
    working_size=96,
    temperatures=(1.0, 0.38),
    calibration_pictures=5,
    stability_pictures=1,
    stability_sizes=(32, 64),
    resamples=100,
)
NAMES = ("animals/chelsea.png", "people/astronaut.png", "things/coffee.png", "things/rocket.png")


@pytest.fixture(scope="module")
def evaluation(photographs: Path, router: Path) -> Evaluation:
    """Of the package's network and a router."""
    contestants = [contestant("autochrome"), contestant(str(router))]
    return evaluate(contestants, [photographs], PROTOCOL)


def by_title(evaluation: Evaluation) -> dict[str, Result]:
    return {result.way.title: result for result in evaluation.results}


def figures(result: Result) -> dict[str, float]:
    return {name: one.value for name, one in Comparison.of([result]).estimates(0).items()}


def originals(photographs: Path) -> list[image.Frame]:
    with zipfile.ZipFile(photographs) as archive:
        return [image.decode(archive.read(name)) for name in NAMES]


def test_an_evaluation_has_a_result_for_every_way(evaluation: Evaluation) -> None:
    assert [result.way.title for result in evaluation.results] == [
        "grey",
        "mean tint",
        "original",
        "autochrome, T = 1",
        "autochrome, T = 0.38",
        "router, T = 1",
        "router, T = 0.38",
    ]
    assert all(result.pictures == NAMES for result in evaluation.results)


def test_a_damaged_picture_is_told_and_passed_over(evaluation: Evaluation) -> None:
    (fault,) = evaluation.damaged
    assert fault.startswith("people/broken.png: damaged")
    assert evaluation.numbers == (0, 1, 3, 4)
    assert evaluation.protocol.pictures is not None
    assert evaluation.protocol.pictures.count == 5


def test_the_original_is_perfect(evaluation: Evaluation) -> None:
    found = figures(by_title(evaluation)["original"])
    exact = {"auc": 100, "rebalanced_auc": 100, "psnr": np.inf, "ab_psnr": np.inf, "ssim": 1}
    exact |= {"ciede2000": 0, "ab_rmse": 0, "pixel_l2": 0, "colorfulness_ratio": 1}
    exact |= {"delta_cf_of_means": 0, "mean_delta_cf": 0}
    assert {name: found[name] for name in exact} == exact


def test_grey_has_no_color_and_the_luminance_of_the_original(evaluation: Evaluation) -> None:
    result = by_title(evaluation)["grey"]
    found = figures(result)
    assert found["colorfulness_ratio"] == pytest.approx(0, abs=1e-3)
    assert found["bleeding"] == pytest.approx(0, abs=1e-3)
    assert "warmth" not in result.values
    assert 0 < found["auc"] < 100


def test_figures_are_those_of_the_colored_pictures(
    evaluation: Evaluation, photographs: Path
) -> None:
    engine, settings = load_engine(threads=1), Settings(0.38, working_size=96)
    real = originals(photographs)
    pairs = [(engine.colorize(one, settings).frame.pixels / 255, one.pixels / 255) for one in real]
    labs = [(srgb_to_lab(ours), srgb_to_lab(true)) for ours, true in pairs]
    curve = metrics.AbErrorCurve()
    for ours, true in labs:
        curve.add(ours[..., 1:], true[..., 1:])
    ours, true = (np.stack(side)[..., 1:] for side in zip(*labs, strict=True))
    found = figures(by_title(evaluation)["autochrome, T = 0.38"])

    def mean(of: Callable[..., float]) -> float:
        return float(np.mean([of(*pair) for pair in pairs]))

    assert found["auc"] == pytest.approx(metrics.auc(ours, true), abs=1e-3)
    assert found["rebalanced_auc"] == pytest.approx(curve.rebalanced_auc(), abs=1e-2)
    assert found["ab_rmse"] == pytest.approx(metrics.ab_rmse(ours, true), rel=1e-5)
    assert found["pixel_l2"] == pytest.approx(metrics.pixel_l2(ours, true), rel=1e-5)
    delta_e = np.mean([metrics.mean_ciede2000(*lab) for lab in labs])
    assert found["ciede2000"] == pytest.approx(delta_e, rel=1e-4)
    assert found["psnr"] == pytest.approx(
        mean(lambda one, other: peak_signal_noise_ratio(other, one, data_range=1)), rel=1e-5
    )
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    assert found["ssim"] == pytest.approx(
        mean(
            lambda one, other: structural_similarity(
                one, other, data_range=1, channel_axis=2, **window
            )
        ),
        abs=1e-4,
    )
    colors, real_colors = (
        [float(colorfulness(one)) for one in side] for side in zip(*pairs, strict=True)
    )
    assert found["colorfulness_ratio"] == pytest.approx(np.sum(colors) / np.sum(real_colors))
    apart = np.abs(np.subtract(colors, real_colors)).mean()
    assert found["mean_delta_cf"] == pytest.approx(apart, rel=1e-5)


def test_a_lower_temperature_is_more_colorful(evaluation: Evaluation) -> None:
    found = by_title(evaluation)
    safe, vivid = (figures(found[f"autochrome, T = {T}"]) for T in ("1", "0.38"))
    assert 0 < safe["colorfulness_ratio"] < vivid["colorfulness_ratio"]


def test_calibration_is_of_networks_with_a_distribution_alone(evaluation: Evaluation) -> None:
    for title, result in by_title(evaluation).items():
        is_bins = title.startswith("autochrome")
        assert ({"ece", "nll"} <= set(result.whole)) == is_bins, title
        assert (result.reliability is not None) == is_bins, title
    result = by_title(evaluation)["autochrome, T = 1"]
    assert result.reliability is not None
    # Four pictures of 24 x 24 cells.
    assert sum(result.reliability.counts) == 4 * (96 // 4) ** 2
    assert 0 < result.whole["ece"] < 1
    assert 0 < result.whole["nll"] < np.log(313)


def test_size_stability_is_of_the_pictures_that_the_protocol_chooses(
    evaluation: Evaluation,
) -> None:
    for result in evaluation.results:
        assert np.isfinite(result.values["stability"]).tolist() == [True, False, False, False]


def test_a_router_is_measured_by_what_its_specialists_color(
    evaluation: Evaluation, photographs: Path, router: Path
) -> None:
    chosen = [load_colorizer(str(router), 1).colorize(one).choice for one in originals(photographs)]
    names = [choice.specialist for choice in chosen if choice]
    assert set(names) == {"red", "blue"}
    specialists = {name: contestant(str(router.parent / f"{name}.onnx")) for name in set(names)}
    alone = by_title(evaluate(list(specialists.values()), [photographs], PROTOCOL))
    for name, column in by_title(evaluation)["router, T = 1"].values.items():
        if name != "stability":  # its copies may go to the other
            expected = [alone[one].values[name][at] for at, one in enumerate(names)]
            assert column == pytest.approx(expected, nan_ok=True), name


def test_a_network_of_one_color_measures_as_that_tint(
    photographs: Path, paint: Callable[..., Path]
) -> None:
    one = contestant(str(paint("sepia", PROTOCOL.tint)))
    found = by_title(evaluate([one], [photographs], PROTOCOL))
    tint, painted = figures(found["mean tint"]), figures(found["sepia"])
    assert painted == pytest.approx(tint, abs=1e-2, nan_ok=True)


def test_looks_of_an_extractor_by_hand(photographs: Path, eye: Path) -> None:
    extractor = load_extractor(eye)
    found = by_title(evaluate([contestant("autochrome")], [photographs], PROTOCOL, extractor))
    real = originals(photographs)
    engine, settings = load_engine(threads=1), Settings(0.38, working_size=96)
    colored = [engine.colorize(one, settings).frame for one in real]
    ours, true = (
        np.stack([frame.pixels.mean(axis=(0, 1)) / 255 for frame in frames])
        for frames in (colored, real)
    )
    result = found["autochrome, T = 0.38"]
    same = (ours.argmax(axis=1) == true.argmax(axis=1)).tolist()
    assert result.values["top1"] == tuple(map(float, same))
    assert result.values["top5"] == (1, 1, 1, 1)
    covariances = [np.cov(side, rowvar=False) for side in (ours, true)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    trace = np.trace(covariances[0] + covariances[1] - 2 * root)
    by_hand = np.sum((ours.mean(axis=0) - true.mean(axis=0)) ** 2) + trace
    assert result.whole["frechet"] == pytest.approx(by_hand, abs=1e-5)
    assert found["original"].whole["frechet"] == pytest.approx(0, abs=1e-6)


def test_the_same_protocol_and_pictures_give_the_same_figures(
    evaluation: Evaluation, photographs: Path, tmp_path: Path
) -> None:
    write_protocol(evaluation.protocol, tmp_path / "protocol.json")
    again = evaluate(
        [contestant("autochrome")], [photographs], read_protocol(tmp_path / "protocol.json")
    )
    assert again.protocol.identity == evaluation.protocol.identity
    first, second = by_title(evaluation), by_title(again)
    for title, result in second.items():
        assert result.model_dump_json() == first[title].model_dump_json()


def test_a_locked_protocol_refuses_other_pictures(
    evaluation: Evaluation, photographs: Path, tmp_path: Path
) -> None:
    others = tmp_path / "others.zip"
    with zipfile.ZipFile(photographs) as archive, zipfile.ZipFile(others, "w") as copy:
        copy.writestr(NAMES[0], archive.read(NAMES[0]))
    with pytest.raises(ProtocolError, match=r"locked to 5 pictures .* these are 1"):
        evaluate([], [others], evaluation.protocol)


def test_baselines_are_kept_and_taken_up_again(photographs: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = evaluate([], [photographs], PROTOCOL, cache=cache)
    kept = sorted(cache.rglob("*.json"))
    assert [path.stem for path in kept] == ["grey", "mean tint", "original"]
    # A figure that no measuring could find shows where the second evaluation has it from.
    grey = first.results[0]
    marked = grey.model_copy(update={"values": {**grey.values, "psnr": (1.0, 2.0, 3.0, 4.0)}})
    kept[0].write_text(marked.model_dump_json())
    kept[1].write_text("{")  # damaged: measured anew
    second = by_title(evaluate([], [photographs], PROTOCOL, cache=cache))
    assert second["grey"].values["psnr"] == (1, 2, 3, 4)
    assert second["mean tint"].model_dump_json() == first.results[1].model_dump_json()
    assert second["original"].model_dump_json() == first.results[2].model_dump_json()
    for path in kept:
        path.unlink()
    third = evaluate([], [photographs], PROTOCOL, cache=cache)
    assert [one.model_dump_json() for one in third.results] == [
        one.model_dump_json() for one in first.results
    ]
    other = PROTOCOL.model_copy(update={"tint": (0.0, 0.0)})
    tint = by_title(evaluate([], [photographs], other, cache=cache))["mean tint"]
    assert tint.values["psnr"] != first.results[1].values["psnr"]  # not the other protocol's


def test_a_network_named_twice_is_measured_once(photographs: Path) -> None:
    protocol = PROTOCOL.model_copy(update={"temperatures": (0.5,), "limit": 1})
    found = evaluate([contestant("autochrome")] * 2, [photographs], protocol)
    assert [one.way.kind for one in found.results].count("model") == 1


def test_missing_pictures_are_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        evaluate([], [tmp_path / "nowhere"], Protocol())


def test_where_no_picture_can_be_read_the_first_fault_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"no picture can be read: a.png: not a picture"):
        evaluate([], [tmp_path], Protocol())


def test_progress_ends_with_all_pictures_done(photographs: Path) -> None:
    told: list[tuple[int, int]] = []
    evaluate([], [photographs], PROTOCOL, progress=lambda done, count: told.append((done, count)))
    assert told[-1] == (5, 5)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_work_in_threads_keeps_the_order_and_few_items_in_memory() -> None:
    drawn = 0

    def items() -> Iterator[int]:
        nonlocal drawn
        for at in range(100):
            drawn += 1
            yield at

    results = in_threads(lambda at: hashlib.sha256(bytes(at)).hexdigest(), items())
    assert next(results) == hashlib.sha256(b"").hexdigest()
    assert drawn <= 4 * WORKERS + 1
    assert list(results) == [hashlib.sha256(bytes(at)).hexdigest() for at in range(1, 100)]
