"""The shipped catalogue is whole, and a user's own file is checked key by key."""

import pytest

from ocrdata.datasets.catalogue.entry import find_entry, names
from ocrdata.errors import UserError

YAML = """\
name: mine
title: My photos
homepage: https://example.org
licence: not stated
files:
  - name: photos.zip
    extract: photos
splits:
  train:
    format: icdar2015
    labels: photos
    images: [photos]
"""


@pytest.mark.parametrize("name", ["icdar2015", "icdar2015_words", "lsvt"])
def test_what_is_shipped_reads_and_tells_how_to_get_it_by_hand(name):
    entry = find_entry(name)
    assert entry.name == name and name in names()
    assert entry.login and entry.citation and all(f.urls for f in entry.files)


def test_icdar2015_has_a_published_hash_for_every_file_and_lsvt_states_no_licence():
    assert all(f.md5 for f in find_entry("icdar2015").files)
    assert find_entry("lsvt").licence == "not stated"


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text(YAML)
    assert find_entry(str(path)).files[0].target == "photos"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("licence: not", "license: not", r"line 4: license: unknown key \(did you mean 'licence'\?\)"),
        ("    extract: photos", "    md5: xyz", "line 7: files.0.md5: "),
        ("format: icdar2015", "format: icdar", "line 10: splits.train.format: no such label format; there are: icdar"),
        ("name: photos.zip", "name: ../photos.zip", "line 6: files.0.name: a plain file name"),
        ("labels: photos", "labels: ../photos", "line 11: splits.train.labels: a relative path"),
        ("labels: photos", "labels: other/gt", "split 'train' names 'other/gt', but the files give only photos"),
        ("https://example.org", "example.org", "line 3: homepage: "),
        ("extract: photos", "extract: downloads", "'downloads' is a name that the fetched folder needs"),
    ],
)
def test_mistakes_are_named_by_file_line_and_key(tmp_path, old, new, message):
    path = tmp_path / "mine.yml"
    path.write_text(YAML.replace(old, new, 1))
    with pytest.raises(UserError, match=rf"mine.yml.*{message}"):
        find_entry(str(path))


def test_unknown_names_list_what_there_is(tmp_path):
    with pytest.raises(UserError, match=r"no dataset 'icdar2051' \(did you mean 'icdar2015'\?\); there are: art, "):
        find_entry("icdar2051")
    with pytest.raises(UserError, match=r"no such dataset file"):
        find_entry(str(tmp_path / "no.yml"))
