"""Lines come from packs, label files and mixtures of them alike."""

import pytest

from ocrdata.datasets.images import write_image
from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.store import Pack, write_shard
from ocrdata.train.config import Source, ValSet
from ocrdata.train.sources import LabelFile, Mixture, identity, open_data, open_sets, require_apart, where


@pytest.fixture
def label_file(tmp_path, picture):
    def make(texts, name="labels.txt"):
        for i, text in enumerate(texts):
            write_image(tmp_path / "pictures" / f"{i}.png", picture(text, i))
        path = tmp_path / name
        lines = [f"pictures/{i}.png\t{text}\n" for i, text in enumerate(texts)]
        path.write_text("".join(lines), encoding="utf-8", newline="\n")
        return path

    return make


def test_a_label_file_gives_its_pictures_with_their_labels(label_file):
    lines = open_data(label_file(["12", "7"]))
    assert isinstance(lines, LabelFile) and list(lines.labels()) == ["12", "7"]
    assert lines[1].label == "7" and lines[1].image == (lines.root.parent / "pictures/1.png").read_bytes()
    assert where(lines, 1).endswith("1.png")


def test_a_missing_picture_is_counted(label_file, tmp_path):
    path = label_file(["12", "7"])
    (tmp_path / "pictures" / "0.png").unlink()
    lines = LabelFile(path)
    assert len(lines) == 1 and lines.refused == {"missing_photo": 1}


def test_wrong_tabs_are_named_by_line(tmp_path):
    path = tmp_path / "l.txt"
    path.write_text("a.png\t12\nb.png 7\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"l\.txt line 2"):
        LabelFile(path)


def test_a_mixture_is_its_sources_one_after_the_other(label_file, make_pack, tmp_path):
    make_pack(tmp_path / "p", 3)
    mixed = open_data([Source(path=tmp_path / "p", ratio=1), Source(path=label_file(["12", "7"]), ratio=2)])
    assert isinstance(mixed, Mixture) and mixed.ratios == [1, 2] and len(mixed) == 5
    assert [mixed[i].label for i in range(5)] == list(mixed.labels()) and mixed[4].label == "7"
    assert "shard-00000: 'image-000000003'" in where(mixed, 2) and where(mixed, 3).endswith("0.png")


def test_what_data_is_changes_with_labels_and_ratios(label_file, tmp_path):
    one, two = label_file(["12", "7"]), label_file(["12", "8"], "other.txt")
    digests = {identity(LabelFile(path))["digest"] for path in (one, two)}
    for ratios in ([1, 2], [1, 3], None):
        digests.add(identity(Mixture([LabelFile(one), LabelFile(two)], ratios))["digest"])
    assert len(digests) == 5


def test_an_lmdb_without_a_manifest_is_told_apart_by_its_labels(tmp_path):
    digests = set()
    for name, labels in {"a": ["12", "7"], "b": ["12", "8"], "c": ["1", "27"], "d": ["12", "7"]}.items():
        (tmp_path / name).mkdir()
        write_shard(tmp_path / name, 0, (Sample(b"picture", label) for label in labels), "test")
        digests.add(identity(Pack(tmp_path / name))["digest"])
    assert len(digests) == 3


def test_sets_have_names_and_stand_apart(label_file, tmp_path):
    path, other = label_file(["1"]), label_file(["2"], "other.txt")
    assert list(open_sets(path)) == [""]
    sets = open_sets([ValSet(name="old", path=path), ValSet(name="new", path=other)])
    assert list(sets) == ["old", "new"]
    with pytest.raises(UserError, match=r"other\.txt is the training data too"):
        require_apart([Source(path=other), Source(path=path)], [ValSet(name="new", path=other)])
    require_apart(path, other)
    with pytest.raises(UserError, match=r"val: .*labels\.txt is listed more than once"):
        open_sets([ValSet(name="old", path=path), ValSet(name="new", path=path)])
    with pytest.raises(UserError, match=r"data: .*labels\.txt is listed more than once; give it a higher ratio"):
        open_data([Source(path=path), Source(path=path)])
