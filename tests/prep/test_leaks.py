"""What leaks from a judging set into training is found, shown and taken out."""

import json

import cv2
import numpy as np
import pytest
from command import ocrdata

from ocrdata.datasets.records import Sample
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.leaks import find_leaks, open_pictures, plan_without, prints_of
from ocrdata.prep.near import Prints, alike, join_prints, near_pairs, picture_hash
from ocrdata.prep.store import Pack


def line(number, text=None):
    """A drawn line on a ground of its own."""
    rng = np.random.default_rng(number)
    ground = cv2.resize(rng.integers(90, 250, (3, 9, 3), np.uint8), (200, 48), interpolation=cv2.INTER_CUBIC)
    cv2.putText(
        ground, text or f"{number * 7919 % 100000:05d}", (12, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (20, 20, 30), 3
    )
    return ground


def jpeg(image, quality=92):
    return cv2.imencode(".jpg", image, [1, quality])[1].tobytes()


def changed(image, how):
    height, width = image.shape[:2]
    return {
        "compressed": lambda: cv2.imdecode(np.frombuffer(jpeg(image, 40), np.uint8), 1),
        "smaller": lambda: cv2.resize(image, (width * 2 // 3, height * 2 // 3), interpolation=cv2.INTER_AREA),
        "brighter": lambda: np.clip(image * 1.1 + 8, 0, 255).astype(np.uint8),
        "grey": lambda: cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
        "margin": lambda: np.ascontiguousarray(image[1:-1, 2:-2]),
    }[how]()


HOW = ["compressed", "smaller", "brighter", "grey", "margin"]


@pytest.mark.parametrize("how", HOW)
def test_a_changed_picture_is_still_the_same(how):
    for number in range(20):
        image = line(number)
        assert alike(image, changed(image, how)) and alike(changed(image, how), image)


def test_one_other_character_is_another_picture():
    assert not any(alike(line(3, "18364"), line(3, text)) for text in ("18365", "78364", "18864", "1836", "18354"))


class Drawn:
    def __init__(self, images, labels=None):
        self.images = [image if isinstance(image, bytes) else jpeg(image) for image in images]
        self.labels = labels or [f"label {i}" for i in range(len(images))]

    def items(self, start, stop):
        for i in range(start, stop):
            yield Sample(self.images[i], self.labels[i], f"photo {i}#0")


def made(folder, images, labels=None):
    run_job(Job("made", {}, len(images), 30), Drawn(images, labels), folder, 1)
    return folder


def find(train, other, folder):
    a, b = open_pictures(train, folder / "a"), open_pictures(other, folder / "b")
    return find_leaks(a, prints_of(a, 1), b, 1)


@pytest.fixture
def sets(tmp_path):
    train = [line(i) for i in range(60)]
    other = [line(i) for i in range(100, 130)]
    train_bytes = [jpeg(image) for image in train]
    other[4], other[9] = changed(train[11], "compressed"), changed(train[20], "smaller")
    labels = [f"text {i}" for i in range(100, 130)]
    labels[2], labels[9] = "label 40", "wrong"
    other = [jpeg(image) for image in other]
    other[0] = train_bytes[7]
    return made(tmp_path / "train", train_bytes), made(tmp_path / "val", other, labels)


def test_equal_and_nearly_equal_pictures_and_texts_are_found(tmp_path, sets):
    found = find(*sets, tmp_path)
    assert found.exact.tolist() == [[7, 0]] and sorted(found.near.tolist()) == [[11, 4], [20, 9]]
    figures = found.to_json()
    assert figures["share"] == pytest.approx(3 / 30) and figures["texts"]["leaked"] == 1
    assert figures["texts"]["examples"][0]["text"] == "label 40" and figures["texts"]["examples"][0]["line"] == 41
    assert {p["kind"] for p in figures["pairs"]} == {"equal", "near"} and not figures["pairs"][0]["same_label"]


def test_what_leaks_is_taken_out_and_counted(tmp_path, sets):
    found = find(*sets, tmp_path)
    one, two = (plan_without(sets[0], [found], tmp_path / f"clean{n}").run(n) for n in (1, 2))
    assert one["refusals"] == {"leak_equal": 1, "leak_near": 2} and one["digest"] == two["digest"]
    kept = [s.label for s in Pack(tmp_path / "clean1")]
    assert kept == [f"label {i}" for i in range(60) if i not in (7, 11, 20)]
    again = find(tmp_path / "clean1", sets[1], tmp_path / "again")
    assert not len(again.exact) and not len(again.near)


def test_equal_pictures_within_a_set_are_all_taken_out(tmp_path):
    train = made(tmp_path / "train", [line(1), line(2), line(1), line(3)])
    found = find(train, made(tmp_path / "val", [line(1), line(1)]), tmp_path)
    assert set(found.exact[:, 0].tolist()) == {0, 2} and set(found.exact[:, 1].tolist()) == {0, 1}
    assert plan_without(train, [found], tmp_path / "clean").run(1)["count"] == 2


def test_pictures_that_cannot_be_read_match_nothing(tmp_path):
    train = made(tmp_path / "train", [b"junk", b"junk", line(1)])
    found = find(train, made(tmp_path / "val", [b"junk", line(2)]), tmp_path)
    assert not len(found.exact) and not len(found.near)


def test_hashes_meet_with_up_to_sixteen_other_bits():
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2, (3000, 128), np.uint8)
    bits[:, 0] = 0
    theirs = bits[:1000].copy()
    for row in theirs:
        row[rng.choice(np.arange(1, 128), 12, replace=False)] ^= 1

    def prints(values):
        words = np.packbits(values, axis=1).view(np.uint64)
        n = len(values)
        return Prints(np.arange(n, dtype=np.uint64), words, np.zeros(n, np.float32), np.ones(n, bool))

    pairs, distances = near_pairs(prints(bits), prints(theirs))
    assert set(distances.tolist()) == {12} and (pairs[:, 0] == pairs[:, 1]).all() and len(pairs) > 990
    assert len(near_pairs(prints(bits), join_prints([]))[0]) == 0
    assert picture_hash(line(1)) == picture_hash(line(1)) != picture_hash(line(2))


def test_photos_with_regions_leak_too(tmp_path):
    for name, numbers in (("train", (1, 2, 3)), ("val", (4, 2))):
        (tmp_path / name).mkdir()
        rows = []
        for number in numbers:
            (tmp_path / name / f"{number}.jpg").write_bytes(jpeg(line(number), 90 if name == "val" else 75))
            rows.append(f'{number}.jpg\t[{{"transcription": "a", "points": [[0, 0], [9, 0], [9, 9], [0, 9]]}}]\n')
        (tmp_path / name / "Label.txt").write_text("".join(rows), encoding="utf-8")
    found = find(tmp_path / "train", tmp_path / "val", tmp_path)
    assert found.near.tolist() == [[1, 1]] and found.texts.held_out == 0
    assert plan_without(tmp_path / "train", [found], tmp_path / "clean").run(1)["count"] == 2


def test_the_command_writes_a_page(tmp_path, sets):
    (tmp_path / "corpus.txt").write_text("text 103\nnothing\n", encoding="utf-8")
    page = tmp_path / "report" / "leaks.html"
    result = ocrdata("leaks", *sets, "-o", page, "--corpus", tmp_path / "corpus.txt", "--drop", tmp_path / "clean")
    assert result.returncode == 0, result.stderr
    assert "1 of 30 pictures stand in the training set too, 2 nearly" in result.stdout
    assert "text 103" in result.stdout and "the labels differ" in page.read_text(encoding="utf-8")
    assert json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["sets"][0]["exact"]["pairs"] == 1
    assert len(Pack(tmp_path / "clean")) == 57
