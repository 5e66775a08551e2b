"""Labels as a corpus, and kept out of it: packs, datasets and label files alike."""

import json
from pathlib import Path

import numpy as np
import pytest

from ocrdata.corpora.mix import TRIAL, Mix
from ocrdata.corpora.sources import FileText, LabelInput, LabelText
from ocrdata.datagen.rng import Draws
from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.corpora import find_leaks, open_labels_as_files, read_held_out, text_input
from ocrdata.prep.lengths import label_lengths
from ocrdata.prep.store import write_shard

LSVT = Path(__file__).parents[3] / "shared" / "data" / "lsvt_sample"


def lsvt(folder, **splits):
    """A fetched dataset with splits of these texts."""
    box = [[0, 0], [9, 0], [9, 9], [0, 9]]
    names = {}
    for split, texts in splits.items():
        regions = [{"transcription": t, "points": box, "illegibility": t == "###"} for t in texts]
        (folder / f"{split}.json").write_text(json.dumps({"gt_0": regions}), encoding="utf-8")
        names[split] = {"format": "lsvt", "labels": f"{split}.json", "images": ["photos"]}
    about = {"name": "made", "licence": "CC0", "splits": names}
    (folder / "dataset.json").write_text(json.dumps(about), encoding="utf-8")
    return str(folder)


def labels(path, **values):
    return LabelText(kind="labels", path=str(path), **values)


def test_the_legible_labels_become_a_file_of_lines(tmp_path):
    data = lsvt(tmp_path, train=["上海\u2028市", "###", " 南京路 ", "南京路"], test=["别的"])
    line = FileText(kind="file", path="c.txt")
    first, same, whole = open_labels_as_files(
        [labels(data, split="train", weight=3), line, labels(data)], tmp_path / "t"
    )
    assert isinstance(first, FileText) and first.weight == 3 and same is line
    assert Path(first.path).read_text(encoding="utf-8") == "上海 市\n南京路\n南京路\n"
    assert Path(whole.path).read_text(encoding="utf-8").split() == ["别的", "上海", "市", "南京路", "南京路"]
    index = np.arange(100)
    opened = Mix([first], None, Draws(1, np.arange(TRIAL)))
    assert set(opened.draw(Draws(1, index), index)) == {"上海 市", "南京路"}


def test_packs_and_label_files_too(tmp_path):
    write_shard(tmp_path / "pack", 0, iter([Sample(b"a", "x y"), Sample(b"b", "###"), Sample(b"c", "z")]), "job")
    (tmp_path / "gt.txt").write_text('word_1.png, "Genaxis, Theatre"\nword_2.png, "###"\n', encoding="utf-8")
    (tmp_path / "rec.txt").write_text("a.jpg\tone two\n", encoding="utf-8")
    names = ("pack", "gt.txt", "rec.txt")
    opened = open_labels_as_files([labels(tmp_path / name) for name in names], tmp_path)
    texts = [Path(source.path).read_text(encoding="utf-8") for source in opened if isinstance(source, FileText)]
    assert texts == ["x y\nz\n", "Genaxis, Theatre\n", "one two\n"]


def test_a_path_tells_what_it_is(tmp_path):
    data = lsvt(tmp_path, train=["a"], test=["b"])
    (tmp_path / "lines.txt").write_text("just, text\n", encoding="utf-8")
    (tmp_path / "gt.txt").write_text('word_1.png, "Genaxis"\n', encoding="utf-8")
    (tmp_path / "rec.txt").write_text("a.jpg\tone two\n", encoding="utf-8")
    kinds = {p.name: text_input(p).kind for p in tmp_path.iterdir()}
    assert kinds.pop("lines.txt") == "file" and set(kinds.values()) == {"labels"}
    assert text_input(Path(data), "test") == labels(data, split="test")
    with pytest.raises(UserError, match="no such file"):
        open_labels_as_files([text_input(tmp_path / "nowhere")], tmp_path)


def test_what_gives_no_text_is_named(tmp_path):
    data = lsvt(tmp_path, train=["###"])
    with pytest.raises(UserError, match="no legible text among 1 labels"):
        open_labels_as_files([labels(data)], tmp_path / "t")
    assert not list((tmp_path / "t").iterdir()), "nothing half-written stays"
    with pytest.raises(UserError, match="has no split 'val': train"):
        open_labels_as_files([labels(data, split="val")], tmp_path / "t")
    (tmp_path / "a.txt").write_text("a.jpg\tx\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"a\.txt is not a fetched dataset, so there is no split 'val'"):
        open_labels_as_files([labels(tmp_path / "a.txt", split="val")], tmp_path / "t")
    with pytest.raises(UserError, match=r"b\.txt: no such file"):
        open_labels_as_files([labels(tmp_path / "b.txt")], tmp_path / "t")


def test_validation_texts_are_found_and_refused(tmp_path):
    data = lsvt(tmp_path, train=["南京路步行街", "甲"], test=["南京路步行街", "甲", "没见过的"])
    (tmp_path / "c.txt").write_text("南京路步行街\n没见过的\n", encoding="utf-8")
    held = [LabelInput(path=data, split="test")]
    found = find_leaks([labels(data, split="train")], held)
    assert (found.held_out, found.leaked, found.chance) == (3, 1, 1)
    assert find_leaks([FileText(kind="file", path=str(tmp_path / "c.txt"))], held).leaked == 2
    refused = read_held_out(held)
    assert refused.digest == read_held_out(held).digest != read_held_out([]).digest
    assert "南京路步行街" in refused and "甲" not in refused and "别的文字" not in refused


def test_lengths_of_labels(tmp_path):
    data = lsvt(tmp_path, train=["三个字", "###", "四个字的", "又三个", ""])
    assert label_lengths(Path(data)) == {3: 2, 4: 1}
    write_shard(tmp_path / "pack", 0, iter([Sample(b"a", "x" * 3000), Sample(b"b", "z")]), "job")
    assert label_lengths(tmp_path / "pack") == {1: 1, 1000: 1}
    (tmp_path / "gt.txt").write_text("a.jpg\t###\n", encoding="utf-8")
    with pytest.raises(UserError, match="no legible label to take lengths from"):
        label_lengths(tmp_path / "gt.txt")


@pytest.mark.skipif(not LSVT.is_dir(), reason="the folder of real data beside the repository is not there")
def test_real_lsvt_labels(tmp_path):
    (opened,) = open_labels_as_files([labels(LSVT)], tmp_path)
    assert isinstance(opened, FileText)
    texts = Path(opened.path).read_text(encoding="utf-8").splitlines()
    assert len(texts) >= 5 and not any("###" in t for t in texts)
