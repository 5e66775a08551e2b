"""Training a detector: it learns, it resumes exactly, it comes out as it went in, and its data are checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ocrdata.datasets.images import read_image
from ocrdata.errors import Stopped, UserError
from ocrdata.train import checkpoint
from ocrdata.train.bundle import SPEC
from ocrdata.train.det.bundle import open_detector
from ocrdata.train.det.export import export_detector, run_detector, verify_detector
from ocrdata.train.det.feed import DetFeed
from ocrdata.train.det.fit import DetFit
from ocrdata.train.det.metrics import match
from ocrdata.train.det.numbers import DbPost
from ocrdata.train.det.photos import PhotoMixture, Photos, open_photos, require_apart
from ocrdata.train.reader import Reader
from ocrdata.train.start import open_origin

EAST = {
    "name": "east",
    "backbone": {"name": "plain", "channels": [8, 8, 16, 16, 16]},
    "channels": 16,
    "loss": {"score": 1},
}


def test_east_learns_and_is_deployed_as_it_was_trained(small, scenes, tmp_path) -> None:
    photos = open_photos(scenes(4))
    result = DetFit(small(steps=250, network=EAST), photos, photos, tmp_path / "run").run()
    assert result.scores["hmean"] >= 0.5
    export_detector(tmp_path / "run", tmp_path / "bundle")
    for agreement in verify_detector(tmp_path / "run", tmp_path / "bundle", [read_image(photos[0].path)]):
        assert agreement.difference <= 1e-4 and agreement.changed == 0


def test_it_learns_a_few_photos_and_is_deployed_as_it_was_trained(small, scenes, tmp_path) -> None:
    folder = scenes(4)
    photos = open_photos(folder)
    result = DetFit(small(steps=120), photos, photos, tmp_path / "run").run()
    assert result.scores["hmean"] == 1.0
    bundle = tmp_path / "bundle"
    export_detector(tmp_path / "run", bundle)
    images = [read_image(photos[i].path) for i in range(4)]
    for agreement in verify_detector(tmp_path / "run", bundle, images):
        assert agreement.difference <= 1e-4 and agreement.changed == 0
    detector = open_detector(bundle)
    for image, texts in zip(images, (photos[i] for i in range(4)), strict=True):
        assert len(match(texts.polygons, texts.ignored, [f.points for f in detector.find(image)]).pairs) == 1
    with pytest.raises(UserError, match="task 'detection', and 'recognition' is needed"):
        Reader(bundle)
    with pytest.raises(UserError, match="not a bundle"):
        open_detector(tmp_path)
    (bundle / SPEC).write_text(
        (bundle / SPEC).read_text(encoding="utf-8").replace("format: 2", "format: 9"), encoding="utf-8"
    )
    with pytest.raises(UserError, match="format 9"):
        open_detector(bundle)


def test_stopped_and_resumed_it_ends_with_the_same_weights(small, scenes, tmp_path, monkeypatch) -> None:
    photos = open_photos(scenes(4))
    config = small(steps=6, augment={"rotation": 5, "noise": 5, "paste": 1}, optimizer={"lr": 0.01, "ema": 0.9})
    DetFit(config, photos, None, tmp_path / "whole").run()
    parts = DetFit(config, photos, None, tmp_path / "parts")
    with pytest.raises(Stopped):
        parts.run(progress=lambda steps: parts.about.step == 3 and _interrupt())
    DetFit(config, photos, None, tmp_path / "parts", resume=True).run()
    one, two = (checkpoint.read(tmp_path / name / "last.npz") for name in ("whole", "parts"))
    assert one[0].step == two[0].step == 6
    assert all(np.array_equal(one[k][name], two[k][name]) for k in (1, 2) for name in one[k])


def test_a_run_goes_on_with_another_way_of_cutting_texts_out_of_maps(small, scenes, tmp_path) -> None:
    photos = open_photos(scenes(4))
    config = small(steps=2)
    DetFit(config, photos, None, tmp_path / "run").run()
    network = config.network.model_copy(update={"post": DbPost(score="outline")})
    other = DetFit(config.model_copy(update={"network": network}), photos, None, tmp_path / "run", resume=True)
    assert other.run().steps == 2 and other.about.config["network"]["post"]["score"] == "outline"
    with pytest.raises(UserError, match="resuming needs the same"):
        DetFit(config.model_copy(update={"steps": 3}), photos, None, tmp_path / "run", resume=True)


def test_a_run_of_another_version_is_named(small, scenes, tmp_path) -> None:
    photos, config = open_photos(scenes(4)), small(steps=1)
    DetFit(config, photos, None, tmp_path / "run").run()
    for name in (checkpoint.LAST, checkpoint.BEST):
        path = tmp_path / "run" / name
        if path.exists():
            about, weights, state = checkpoint.read(path)
            about.config["sharpness"] = 3
            checkpoint.save(path, about, weights, state)
    for use in (
        lambda: export_detector(tmp_path / "run", tmp_path / "bundle"),
        lambda: DetFit(config, photos, None, tmp_path / "run", resume=True),
        lambda: open_origin(tmp_path / "run"),  # to start a recogniser from
    ):
        with pytest.raises(UserError, match=r"run.*another version of ocrdata"):
            use()


def _interrupt() -> None:
    import signal

    signal.raise_signal(signal.SIGTERM)


def test_a_batch_follows_from_its_number(small, scenes) -> None:
    photos = open_photos(scenes(5))
    config = small(batch_size=2, augment={"rotation": 10})
    from_start = list(DetFeed(config, photos, range(5)).steps(0, 5))
    later = next(iter(DetFeed(config, photos, range(5)).steps(3, 4)))
    assert later.indices == from_start[3].indices and np.array_equal(later.images, from_start[3].images)
    assert np.array_equal(later.targets, from_start[3].targets)


def test_photos_that_cannot_be_read_are_named_or_counted(small, scenes) -> None:
    folder = scenes(3)
    (folder / "1.png").write_bytes(b"no picture")
    photos = open_photos(folder)
    with pytest.raises(UserError, match=r"1\.png: undecodable_image.*damaged: refuse"):
        list(DetFeed(small(batch_size=3), photos, range(3)).steps(0, 1))
    feed = DetFeed(small(batch_size=3, damaged="refuse"), photos, range(3))
    step = next(iter(feed.steps(0, 1)))
    assert sorted(set(step.indices)) == [0, 2] and feed.left_out == {1: "undecodable_image"}


def test_data_without_a_text_to_learn_are_refused(scenes) -> None:
    with pytest.raises(UserError, match="every text is ignored"):
        Photos(scenes(2, text="###"))
    folder = scenes(1, "lines")
    (folder / "Label.txt").write_text("0.png\tbar\n", encoding="utf-8")
    with pytest.raises(UserError, match="labels whole pictures"):
        Photos(folder)


def test_photos_are_not_trained_on_and_validated_on(scenes) -> None:
    whole = open_photos(scenes(3))
    folder = Path(whole.root)
    lines = (folder / "Label.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "val.txt").write_text(lines[1], encoding="utf-8", newline="\n")
    with pytest.raises(UserError, match=r"1 of 1 photos to validate on are trained on, too.*1\.png"):
        require_apart(whole, open_photos(folder / "val.txt"))
    require_apart(whole, open_photos(scenes(3, "others")))


def test_ratios_decide_how_often_photos_of_a_source_come(small, scenes) -> None:
    many, few = Photos(scenes(6, "many")), Photos(scenes(2, "few"))
    feed = DetFeed(small(batch_size=4), PhotoMixture([many, few], [1, 1]), range(8))
    chosen = [i for step in feed.steps(0, 2) for i in step.indices]
    assert sum(i >= 6 for i in chosen) == 4


def test_a_runs_detector_reads_photos_of_any_size(small, scenes, tmp_path) -> None:
    photos = open_photos(scenes(4))
    DetFit(small(steps=1), photos, None, tmp_path / "run").run()
    detector = run_detector(tmp_path / "run")
    for shape in ((1, 40, 3), (40, 1, 3), (33, 500, 3), (5, 20000, 3)):
        photo = np.full(shape, 128, np.uint8)
        maps = detector.map(photo)
        assert np.isfinite(maps).all() and maps.shape[1] % 32 == maps.shape[2] % 32 == 0
        for found in detector.find(photo):
            assert found.points.min() >= 0 and (found.points <= [shape[1], shape[0]]).all()
