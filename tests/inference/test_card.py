import json

import onnx
import onnxruntime
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from photochrom.errors import ModelError
from photochrom.inference import Card
from photochrom.inference.card import attach, detach

# Lengths of up to four bytes, and around each border between them. Those of about 14,600 end in
# the byte that also opens the entry.
SIZES = st.one_of(
    st.integers(0, 300),
    st.integers(14_000, 17_000),
    st.integers(2**21 - 1000, 2**21 + 300),
)


def _metadata(data: bytes) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load_from_string(data).metadata_props}


def _refusal(data: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        detach(data, "some.onnx")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("some.onnx: ")
    return message


# Round trip


@given(size=SIZES)
@example(size=14_100)
@example(size=14_200)
def test_round_trip_with_cards_of_any_length(graph, card, size):
    long = card.model_copy(update={"summary": "é" + "x" * size})
    data = attach(graph, long)
    back, read = detach(data, "some.onnx")
    assert back == graph
    assert read == long.model_copy(update={"graph_sha256": read.graph_sha256})
    assert json.loads(_metadata(data)["photochrom"])["summary"] == long.summary


@given(st.text(max_size=40))
@example("\n\nphotochrom")
@example('\n\nphotochrom\x12\x05{"a":1}')
@example('","card_sha256":"')
def test_any_text_may_stand_in_a_card(graph, card, text):
    odd = card.model_copy(update={"summary": text, "metrics": {text: text}})
    back, read = detach(attach(graph, odd), "some.onnx")
    assert back == graph
    assert (read.summary, read.metrics) == (text, {text: text})


def test_a_replaced_card_leaves_the_graph_as_it_is(graph, card):
    before, read = detach(attach(graph, card), "some.onnx")
    updated = read.model_copy(update={"metrics": {"set": {"psnr": 24.5}}})
    after, again = detach(attach(before, updated), "some.onnx")
    assert after == before == graph
    assert again == updated
    assert again.graph_sha256 == read.graph_sha256


def test_a_card_from_before_distributions_has_none(card):
    said = card.model_dump(exclude={"distribution"})
    assert Card.model_validate(said).distribution is False


def test_a_distribution_is_one_output_more_and_none_of_the_colors(card):
    scored = card.model_copy(update={"output": "bins", "score": True, "distribution": True})
    assert scored.colors == ("ab", "entropy", "score")
    assert scored.outputs == ("ab", "entropy", "score", "logits")


# What other tools see


def test_onnx_sees_the_card_and_finds_no_fault(graph, card):
    data = attach(graph, card)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    seen = json.loads(_metadata(data)["photochrom"])
    assert seen["name"] == "mean"
    assert onnx.load_from_string(data).graph == onnx.load_from_string(graph).graph


def test_onnx_runtime_sees_the_card(graph, card):
    session = onnxruntime.InferenceSession(attach(graph, card), providers=["CPUExecutionProvider"])
    assert json.loads(session.get_modelmeta().custom_metadata_map["photochrom"])["name"] == "mean"


# Damage


@given(data=st.data())
def test_every_changed_byte_is_noticed(graph, card, data):
    sound = attach(graph, card)
    # Half of them in the card, of which every byte counts, half anywhere.
    at = data.draw(st.integers(0, len(sound) - 1) | st.integers(len(graph), len(sound) - 1))
    changed = bytearray(sound)
    changed[at] ^= data.draw(st.integers(1, 255))
    _refusal(bytes(changed))


def test_every_changed_byte_of_header_and_seal_is_noticed(graph, card):
    sound = attach(graph, card)
    header = range(len(graph), len(graph) + 24)
    seal = range(len(sound) - 90, len(sound))
    for at in (*header, *seal):
        changed = bytearray(sound)
        changed[at] ^= 1
        _refusal(bytes(changed))


@given(st.data())
def test_files_cut_off_anywhere_are_refused(graph, card, data):
    sound = attach(graph, card)
    _refusal(sound[: data.draw(st.integers(0, len(sound) - 1))])


def test_something_behind_the_card_is_refused(graph, card):
    assert "damaged" in _refusal(attach(graph, card) + b"\0")


def test_a_card_of_another_graph_is_refused(graph, card):
    whole = attach(graph, card)
    other = onnx.load_from_string(graph)
    other.producer_name = "another"
    assert "SHA-256" in _refusal(other.SerializeToString() + whole[len(graph) :])


def test_a_file_without_a_card_is_refused(graph):
    assert "carries no card" in _refusal(graph)
    assert "carries no card" in _refusal(b"")


def test_a_field_that_this_version_does_not_know_is_named(graph, card):
    class Newer(Card):
        novelty: int = 1

    newer = Newer(**card.model_dump())
    message = _refusal(attach(graph, newer))
    assert "cannot be read" in message
    assert "novelty" in message


@pytest.mark.parametrize(
    "change",
    [
        {"size_multiple": 0},
        {"working_size": -1},
        {"temperature": 0.0},
        {"input_scale": 0.0},
    ],
)
def test_values_that_make_no_sense_are_named(graph, card, change):
    (field,) = change
    assert field in _refusal(attach(graph, card.model_copy(update=change)))
