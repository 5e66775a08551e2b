"""A program that dies, hangs or talks nonsense is started again, boundedly; pictures are the same as without that."""

import io

import pytest

from ocrdata.datagen.engines.worker import TRIES, Declined, Request, Worker
from ocrdata.datagen.engines.workers.frames import HEAD, MAGIC, BadFrame, read_frame, write_frame
from ocrdata.errors import Trouble, UserError

SETUP = {"options": {}, "height": 32, "photos": []}


def lines(*texts):
    return [Request(text, "any.ttf", 0, seed, "white", False) for seed, text in enumerate(texts)]


@pytest.fixture
def worker(program):
    made = Worker(program, SETUP, 20)
    yield made
    made.close()


def test_pictures_come_back_in_order_and_refusals_with_their_reason(worker):
    one, two, three = worker.render(lines("12", "refuse", "12345"))
    assert one.image.shape == (32, 56, 3) and one.ink.shape == (32, 56) and one.kept == 1
    assert two == Declined("blank_picture", "by the engine")
    assert three.image.shape == (32, 128, 3)


def test_a_picture_depends_on_its_seed_and_not_on_what_was_drawn_before(worker):
    together = worker.render(lines("12", "34", "56"))
    alone = worker.render([Request("56", "any.ttf", 0, 2, "white", False)])[0]
    assert alone.image.tobytes() == together[2].image.tobytes()
    other = worker.render([Request("56", "any.ttf", 0, 3, "white", False)])[0]
    assert other.image.tobytes() != alone.image.tobytes()


def test_what_the_engine_prints_does_not_reach_the_pipe(worker):
    assert worker.render(lines("print"))[0].image.any() and not worker.restarts


def test_an_exception_of_the_engine_refuses_its_line_alone(worker):
    first, second = worker.render(lines("raise", "12"))
    assert first == Declined("engine_error", "ValueError: cannot") and second.image.any()


@pytest.mark.parametrize("order", ["die", "garbage"])
def test_after_a_death_the_batch_is_redone_with_the_same_pixels(worker, order):
    again = worker.render(lines("12", f"{order} 1", "34"))
    assert worker.restarts == 1
    assert [p.image.tobytes() for p in again] == [
        p.image.tobytes() for p in worker.render(lines("12", f"{order} 1", "34"))
    ]


def test_a_program_that_hangs_is_ended_and_started_again(program):
    worker = Worker(program, SETUP, 1.5)
    assert worker.render(lines("hang 1"))[0].image.any() and worker.restarts == 1
    worker.close()


def test_a_line_that_always_kills_is_named_with_the_last_words(worker):
    with pytest.raises(Trouble, match=r"exit code 3 on text 'die 99'.*any\.ttf, 3 times.*a crash in compiled code"):
        worker.render(lines("12", "die 99", "34"))
    assert worker.restarts == TRIES - 1


def test_a_python_without_the_engine_is_the_users_mistake(program):
    with pytest.raises(UserError, match="does not have the engine: No module named 'a_module_that_nobody_has'"):
        assert Worker([*program, "missing"], SETUP).hello


def test_no_python_at_all(tmp_path):
    with pytest.raises(UserError, match="cannot be run: No such file"):
        assert Worker([str(tmp_path / "python"), "x.py"], SETUP).hello


def test_a_program_that_is_no_worker(program):
    with pytest.raises(UserError, match=r"does not start as an engine: it ended with exit code 0; it said nothing"):
        assert Worker([program[0], "-c", "pass"], SETUP).hello


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"OCRW", "frame's head"),
        (HEAD.pack(b"HTTP", 1, 1), "should begin"),
        (HEAD.pack(MAGIC, 1 << 31, 0), "should begin"),
        (HEAD.pack(MAGIC, 4, 0) + b"{}", "inside a frame"),
        (HEAD.pack(MAGIC, 2, 0) + b"{!", "no JSON"),
        (HEAD.pack(MAGIC, 2, 0) + b"[]", "no JSON object"),
    ],
)
def test_broken_frames(data, complaint):
    with pytest.raises(BadFrame, match=complaint):
        read_frame(io.BytesIO(data))


def test_a_frame_survives_the_pipe():
    pipe = io.BytesIO()
    write_frame(pipe, {"text": "中 \ud800"}, b"\0\1")
    pipe.seek(0)
    assert read_frame(pipe) == ({"text": "中 \ud800"}, b"\0\1") and read_frame(pipe) is None
