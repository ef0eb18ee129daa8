"""A protocol's identity, what it is locked to, and its file."""

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from photochrom.errors import ProtocolError
from photochrom.evaluation.protocol import (
    ExtractorId,
    PictureList,
    Protocol,
    evenly,
    read_protocol,
    write_protocol,
)

LISTED = PictureList.of([("a.png", b"one"), ("b.png", b"two")])
EYE = ExtractorId(name="eye", sha256="ab" * 32)


def test_pictures_are_known_by_name_and_content_in_order() -> None:
    one, two = (hashlib.sha256(content).hexdigest() for content in (b"one", b"two"))
    by_hand = hashlib.sha256(f"a.png\0{one}\nb.png\0{two}\n".encode()).hexdigest()
    assert (LISTED.count, LISTED.sha256) == (2, by_hand)
    for others in (
        [("b.png", b"two"), ("a.png", b"one")],
        [("a.png", b"one"), ("c.png", b"two")],
        [("a.png", b"one"), ("b.png", b"too")],
    ):
        assert PictureList.of(others).sha256 != LISTED.sha256


def test_every_setting_is_part_of_the_identity() -> None:
    changed = [
        {"size": 128},
        {"working_size": 128},
        {"limit": 5},
        {"temperatures": (0.38,)},
        {"saturation": 1.5},
        {"tint": (0.0, 1.0)},
        {"calibration_pictures": 1},
        {"stability_pictures": 1},
        {"stability_sizes": (64, 128)},
        {"resamples": 200},
        {"extractor": EYE},
        {"pictures": LISTED},
    ]
    fixed = {"version", "crop", "resampling"}
    assert {name for one in changed for name in one} | fixed == set(Protocol.model_fields)
    identities = {Protocol(**one).identity for one in changed}  # type: ignore[arg-type]
    assert len(identities | {Protocol().identity}) == len(changed) + 1
    assert Protocol().identity == Protocol().identity
    assert len(Protocol().identity) == 12


def test_a_locked_protocol_takes_no_other_pictures_and_no_other_extractor() -> None:
    locked = Protocol().locked(LISTED, EYE)
    assert locked.locked(LISTED, EYE) == locked
    others = PictureList.of([("c.png", b"three")])
    with pytest.raises(ProtocolError, match=rf"2 pictures .*{LISTED.sha256[:12]}.* these are 1"):
        locked.locked(others, EYE)
    with pytest.raises(ProtocolError, match=r"extractor eye .* none is given"):
        locked.locked(LISTED, None)
    with pytest.raises(ProtocolError, match="blind"):
        locked.locked(LISTED, ExtractorId(name="blind", sha256="00"))


def test_chosen_pictures_are_spread_evenly() -> None:
    assert sorted(evenly(10, 4)) == [0, 2, 5, 7]
    assert sorted(evenly(10, 99)) == list(range(10))
    assert evenly(10, 0) == frozenset()


def test_a_protocol_survives_its_file(tmp_path: Path) -> None:
    protocol = Protocol(size=64, temperatures=(1.0, 0.38)).locked(LISTED, EYE)
    write_protocol(protocol, tmp_path / "p.json")
    again = read_protocol(tmp_path / "p.json")
    assert again == protocol
    assert again.identity == protocol.identity


def test_other_versions_and_unknown_settings_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    for text, fault in (('{"version": 2}', "version"), ('{"siez": 1}', "siez"), ("{", "JSON")):
        file.write_text(text)
        with pytest.raises(ProtocolError, match=rf"p.json: .*{fault}"):
            read_protocol(file)
    with pytest.raises(ProtocolError, match=r"gone.json: cannot read"):
        read_protocol(tmp_path / "gone.json")
    with pytest.raises(ValidationError, match="size"):
        Protocol(size=1)
