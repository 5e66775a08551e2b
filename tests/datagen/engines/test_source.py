"""A recipe drawn by another program: same packs, same seeds, same refusals; by a small engine of the tests' own."""

import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocrdata.datagen.engines.source import drive, engine_synth
from ocrdata.datagen.preview import preview_of
from ocrdata.datasets.records import Refusal
from ocrdata.errors import UserError
from ocrdata.prep.store import Pack
from ocrdata.prep.verify import verify


@pytest.fixture
def driven(small, digits):
    opened = []

    def make(**changes):
        opened.append(drive(digits(**changes), small, Path(sys.executable)))
        return opened[-1]

    yield make
    for source in opened:
        source.close()


def texts(tmp_path, *lines):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return [{"kind": "file", "path": str(path)}]


def test_the_contact_sheet_holds_the_first_pictures_and_their_labels(driven):
    source = driven()
    [first, *_] = source.pictures(np.arange(1))
    height, width = first.image.shape[:2]
    sheet = preview_of(source, 12)
    assert (sheet[8 : 8 + height, 8 : 8 + width] == first.image).all()
    assert (sheet[8 + height : 8 + height + 20, 8 : 8 + width] < 128).any()


def test_a_pack_that_verifies_with_engine_and_options_in_the_manifest(driven, tmp_path):
    manifest = engine_synth(driven(), 50, tmp_path / "pack", 1)
    pack = Pack(tmp_path / "pack")
    assert len(pack) == manifest["count"] == 50
    for sample in pack:
        image = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (32, 24 * len(sample.label) + 8, 3) and sample.label.isdigit()
    engine = manifest["config"]["engine"]
    assert engine["name"] == "small" and engine["versions"] == {"small": "1"} and engine["options"]["white"] == 0.2
    assert {"engine", "font"} == {row["kind"] for row in manifest["ledger"]}


def test_any_number_of_workers_any_batch_and_any_resume_give_the_same_bytes(driven, tmp_path):
    one = engine_synth(driven(), 120, tmp_path / "one", 1, shard_size=40)
    two = engine_synth(driven(), 120, tmp_path / "two", 2, shard_size=40)
    assert one["digest"] == two["digest"]
    (tmp_path / "two" / "shard-00001.json").unlink(missing_ok=True)
    for marker in sorted((tmp_path / "two").glob("shard-*.json"))[1:2]:
        marker.unlink()
    assert engine_synth(driven(), 120, tmp_path / "two", 1, shard_size=40)["digest"] == one["digest"]
    part = list(driven().items(50, 60))
    assert part == list(driven().items(0, 120))[50:60]


def test_refusals_are_counted_by_reason_before_the_sample_that_replaces_them(driven, tmp_path):
    words = texts(tmp_path, "blank", "white", "cut", "raise", "refuse", "fine", "good")
    items = list(driven(texts=words).items(0, 60))
    found = Counter(i.reason for i in items if isinstance(i, Refusal))
    assert {"blank_picture", "low_contrast", "clipped", "engine_error"} == found.keys()
    assert {i.label for i in items if not isinstance(i, Refusal)} == {"fine", "good"}
    assert not isinstance(items[-1], Refusal)


def test_width_and_time_steps(driven, tmp_path):
    words = texts(tmp_path, "12345678", "1111", "12")
    items = list(driven(texts=words, max_width=150, ctc_stride=16).items(0, 40))
    found = Counter(i.reason for i in items if isinstance(i, Refusal))
    assert {"too_wide", "too_long"} == found.keys()  # four equal digits need seven steps, and have six
    assert {i.label for i in items if not isinstance(i, Refusal)} == {"12"}


def test_characters_outside_the_dictionary_and_outside_the_fonts_never_reach_the_engine(driven, tmp_path):
    words = texts(tmp_path, "12", "漢", "ab")
    items = list(driven(texts=words, charset="12漢").items(0, 40))
    found = Counter(i.reason for i in items if isinstance(i, Refusal))
    assert {"not_in_dict", "missing_glyph"} == found.keys()
    assert {i.label for i in items if not isinstance(i, Refusal)} == {"12"}


def test_letter_by_letter_engines_get_no_joined_scripts(driven, tmp_path):
    items = list(driven(texts=texts(tmp_path, "12", "سلام")).items(0, 20))
    assert "needs_shaping" in {i.reason for i in items if isinstance(i, Refusal)}
    assert {i.label for i in items if not isinstance(i, Refusal)} == {"12"}


def test_a_recipe_that_is_always_refused_is_named_before_a_folder_is_made(driven, tmp_path):
    with pytest.raises(UserError, match=r"sample 0: all 50 attempts were refused \(low_contrast 50 times\)"):
        driven(texts=texts(tmp_path, "white"))


def test_sections_that_the_engine_does_not_know_are_named(driven):
    assert driven(blur={"probability": 1}).unused == ["blur"]


def test_a_job_whose_engine_died_has_the_same_bytes(driven, tmp_path):
    words = texts(tmp_path, "12", "345", "die 1")
    broken = engine_synth(driven(texts=words), 40, tmp_path / "broken", 1)
    whole = engine_synth(driven(texts=words), 40, tmp_path / "whole", 1)
    assert broken["digest"] == whole["digest"]


def test_another_engine_version_is_another_job(driven, tmp_path):
    source = driven()
    engine_synth(source, 10, tmp_path / "pack", 1)
    program = Path(source.command[1])
    program.write_text(program.read_text(encoding="utf-8").replace('"small": "1"', '"small": "2"'), encoding="utf-8")
    with pytest.raises(UserError, match=r"engine.versions.small was '1' there and is '2' now"):
        engine_synth(driven(), 10, tmp_path / "pack", 1)


def test_the_pack_passes_verification(driven, tmp_path):
    engine_synth(driven(), 20, tmp_path / "pack", 1)
    report = verify(tmp_path / "pack", 1)
    assert report.ok and report.samples == 20


def test_fonts_in_another_width_are_refused(driven):
    with pytest.raises(UserError, match="small draws fonts as they are; leave `width` and `strike` of 'DejaVu"):
        driven(fonts=[{"name": "DejaVu Sans", "width": 0.7}])


def test_boxes_are_refused_because_engines_do_not_know_them(driven):
    with pytest.raises(UserError, match="boxes: small does not say where its characters are"):
        driven(boxes=True)


def test_characters_that_no_font_has_are_named_before_the_first_sample(driven):
    with pytest.raises(UserError, match=r"'漢' U\+6F22"):
        driven(texts=[{"kind": "random", "characters": "12漢"}])


def test_held_out_texts_are_refused(driven, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("one.jpg\tgood\n", encoding="utf-8")
    source = driven(texts=texts(tmp_path, "good", "fine"), held_out=[{"path": str(labels)}])
    items = list(source.items(0, 20))
    assert {"held_out"} == {i.reason for i in items if isinstance(i, Refusal)}
    assert {i.label for i in items if not isinstance(i, Refusal)} == {"fine"} and source.leaks.leaked


def test_the_first_refusals_show_their_pictures(driven, tmp_path):
    items = list(driven(texts=texts(tmp_path, "white", "fine")).items(0, 40))
    refusals = [i for i in items if isinstance(i, Refusal)]
    assert sum(r.thumb is not None for r in refusals) == 5 < len(refusals)
    assert refusals[0].font.startswith("DejaVu Sans")
