"""Photos that show text already: it is left alone and stays in the label."""

import cv2
import numpy as np
import pytest

from ocrdata.datagen.det.synth import prepare_scenes, synth_scenes
from ocrdata.datasets.dataset import find_labels, open_labels
from ocrdata.errors import UserError

SIGN = (100, 60, 300, 120)  # left, top, right, bottom on the photo


@pytest.fixture
def photos(tmp_path):
    """A photo of 800 x 600 px with a sign, a second one without labels, and the labels."""
    photo = np.full((600, 800, 3), 140, np.uint8)
    left, top, right, bottom = SIGN
    photo[top:bottom, left:right] = (0, 0, 255)
    photo[300:320, 500:600] = (0, 255, 0)
    cv2.imwrite(str(tmp_path / "a.png"), photo)
    cv2.imwrite(str(tmp_path / "b.png"), 255 - photo)
    (tmp_path / "Label.txt").write_text(
        'a.png\t[{"transcription": "STOP", "points": [[100, 60], [300, 60], [300, 120], [100, 120]]}, '
        '{"transcription": "###", "points": [[500, 300], [600, 300], [600, 320], [500, 320]]}]\n',
        encoding="utf-8",
    )
    return tmp_path


def backgrounds(folder, **changes):
    photos = {"folder": str(folder), "labels": str(folder / "Label.txt"), "zoom": [0.6, 1], **changes}
    return {"mosaic": {"weight": 0}, "photos": photos}


def test_text_of_the_photo_stays_visible_unmirrored_and_labelled(make_recipe, photos):
    recipe = make_recipe(backgrounds=backgrounds(photos), scene={"blocks": [4, 6]})
    whole = 0
    for scene, _ in prepare_scenes(recipe).engine.pictures(np.arange(30)):
        red = (np.abs(scene.image.astype(int) - (0, 0, 255)) < 60).all(axis=2)
        sign = [e for e in scene.known if e.text == "STOP"]
        assert bool(sign) == bool(red.sum() > 20)
        for entry in sign:
            y, x = np.nonzero(red)
            seen = np.clip(entry.polygon, 0, scene.image.shape[1::-1])
            low, high = seen.min(axis=0), seen.max(axis=0)
            assert (
                np.abs([x.min() - low[0], y.min() - low[1], x.max() + 1 - high[0], y.max() + 1 - high[1]]).max() < 2.5
            )
            assert red.sum() > 0.9 * (high - low).prod()
            if not entry.ignored:
                whole += 1
                assert seen[0].tolist() == low.tolist()
        assert all(e.ignored for e in scene.known if e.text != "STOP")
        assert scene.entries
    assert whole > 5


def test_the_label_lists_both_and_only_labelled_photos_are_used(make_recipe, photos, tmp_path):
    recipe = make_recipe(
        backgrounds=backgrounds(photos, zoom=[1, 1]), scene={"width": [400, 400], "height": [300, 300]}
    )
    manifest = synth_scenes(recipe, 5, tmp_path / "out", 1)
    for photo in open_labels(*find_labels(tmp_path / "out")):
        texts = [r.text for r in photo.regions if r.ignore is None]
        assert texts.count("STOP") == 1 and len(texts) > 1 and any(r.ignore for r in photo.regions)
    assert [row["name"] for row in manifest["ledger"] if row["kind"] == "background"] == ["a.png"]
    assert manifest["config"]["recipe"]["backgrounds"]["photos"]["labels"] == "Label.txt"


def test_other_labels_are_another_job(make_recipe, photos, tmp_path):
    recipe = make_recipe(backgrounds=backgrounds(photos))
    synth_scenes(recipe, 2, tmp_path / "out", 1)
    labels = photos / "Label.txt"
    labels.write_text(labels.read_text(encoding="utf-8").replace("STOP", "HALT"), encoding="utf-8")
    with pytest.raises(UserError, match=r"another job: config\.known"):
        synth_scenes(recipe, 2, tmp_path / "out", 1)


def test_labels_of_other_photos_are_refused(make_recipe, photos):
    (photos / "Label.txt").write_text("other.png\t[]\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"photos.labels: .*Label.txt lists none of the 2 photos"):
        prepare_scenes(make_recipe(backgrounds=backgrounds(photos)))
