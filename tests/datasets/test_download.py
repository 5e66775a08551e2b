"""Downloads from a server that cuts, lies and changes its mind."""

import random

import pytest

from ocrdata.datasets.download import Failed, Patience, download, part_of

BODY = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(300_000)
PATIENCE = Patience(attempts=3, wait=0.001, timeout=5)


@pytest.fixture
def bring(web, tmp_path):
    """Download `name`; returns the bytes, whether they were continued, and the sum of the progress."""

    def bring(name="a.zip"):
        gained = []
        continued = download(f"{web.url}/{name}", tmp_path / name, gained.append, PATIENCE)
        return part_of(tmp_path / name).read_bytes(), continued, sum(gained)

    return bring


def ranges(served):
    return [r for r, _ in served.requests]


def test_a_plain_download(web, bring):
    web.add("a.zip", BODY)
    assert bring() == (BODY, False, len(BODY))


@pytest.mark.parametrize("validator", [{}, {"etag": None, "modified": "Wed, 21 Oct 2015 07:28:00 GMT"}])
def test_a_cut_connection_is_continued_where_it_stopped(web, bring, validator):
    served = web.add("a.zip", BODY, cut_after=100_000, **validator)
    assert bring() == (BODY, True, len(BODY))
    assert ranges(served) == [None, "bytes=100000-", "bytes=200000-"]


def test_a_later_run_continues(web, bring):
    served = web.add("a.zip", BODY, cut_after=100_000, errors=[0, 404])
    with pytest.raises(Failed, match="HTTP 404"):
        bring()
    served.cut_after = None
    assert bring() == (BODY, True, len(BODY))
    assert ranges(served) == [None, "bytes=100000-", "bytes=100000-"]


def test_a_server_without_ranges_starts_again_and_is_given_up_when_nothing_new_comes(web, bring):
    served = web.add("a.zip", BODY, cut_after=100_000, ranges=False)
    with pytest.raises(Failed, match="gave up after 3 attempts without a new byte"):
        bring()
    assert len(served.requests) == 4
    served.cut_after = None
    assert bring() == (BODY, False, len(BODY))


@pytest.mark.parametrize("honour", [True, False])
def test_a_file_that_changed_in_between_is_never_mixed(web, bring, honour):
    served = web.add("a.zip", BODY, cut_after=100_000, errors=[0, 404], honour_if_range=honour)
    with pytest.raises(Failed):
        bring()
    served.body, served.etag, served.cut_after = OTHER, '"two"', None
    assert bring() == (OTHER, False, len(OTHER))
    assert [status for _, status in served.requests] == ([200, 404, 200] if honour else [200, 404, 206, 200])


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_what_the_server_does_not_identify_is_not_continued(web, bring, etag):
    served = web.add("a.zip", BODY, cut_after=100_000, etag=etag)
    with pytest.raises(Failed, match="without a new byte"):
        bring()
    served.cut_after = None
    assert bring() == (BODY, False, len(BODY)) and set(ranges(served)) == {None}


def test_a_whole_part_file_is_not_fetched_again(web, bring, tmp_path):
    served = web.add("a.zip", BODY)
    bring()
    assert bring() == (BODY, True, 0)
    assert [status for _, status in served.requests] == [200, 416]


def test_a_part_file_longer_than_the_file_is_dropped(web, bring, tmp_path):
    web.add("a.zip", BODY)
    bring()
    with part_of(tmp_path / "a.zip").open("ab") as file:
        file.write(b"more")
    assert bring() == (BODY, False, len(BODY))


def test_a_part_of_another_address_is_not_continued(web, bring, tmp_path):
    served = web.add("a.zip", BODY, cut_after=100_000, errors=[0, 404])
    with pytest.raises(Failed):
        bring()
    other = web.add("mirror.zip", OTHER)
    download(f"{web.url}/mirror.zip", tmp_path / "a.zip", lambda n: None, PATIENCE)
    assert part_of(tmp_path / "a.zip").read_bytes() == OTHER and ranges(other) == [None]
    assert len(served.requests) == 2


def test_busy_servers_are_asked_again_and_refusals_are_not(web, bring):
    web.add("a.zip", BODY, errors=[503, 429])
    assert bring()[0] == BODY
    served = web.add("b.zip", BODY, errors=[403, 403])
    with pytest.raises(Failed, match="HTTP 403 Forbidden: the site wants a login"):
        bring("b.zip")
    assert len(served.requests) == 1


def test_a_server_that_is_not_there_is_given_up(tmp_path):
    with pytest.raises(Failed, match="gave up after 3 attempts"):
        download("http://127.0.0.1:9/a.zip", tmp_path / "a.zip", lambda n: None, PATIENCE)
