"""The picture: a file of its kind, the same for the same answer, and no surprise after hours."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from jobsched.errors import InvalidInput
from jobsched.testing.simulator.scenario import picture
from jobsched.testing.simulator.scenario.answer import Answer, answered
from jobsched.testing.simulator.scenario.play import play
from jobsched.testing.simulator.scenario.read import loaded

# hours go by in them, and the machine may be busy
pytestmark = pytest.mark.timeout(60)

SVG = "{http://www.w3.org/2000/svg}"
SCENARIO = {"jobs": [{"count": 3, "runs": "60s", "late_limit": "2m"}], "machines": {"alive": 1}}


@pytest.fixture(scope="module")
def answer() -> Answer:
    """Three jobs, one machine at a time; the last one never starts."""
    return answered(play(loaded(SCENARIO)))


def test_svg_has_its_words(answer: Answer, tmp_path: Path) -> None:
    """Its words are text, so that they can be found: jobs, machines with their cap, lateness."""
    file = tmp_path / "answer.svg"
    picture.draw(answer, file)
    found = ET.parse(file).getroot()  # noqa: S314 - drawn a line above
    assert found.tag == f"{SVG}svg"
    words = {text.text for text in found.iter(f"{SVG}text")}
    assert {"due", "started", "machines", "cap (1)", "group 1", "never started"} <= words
    assert "How late each job started, by the time it was due" in words


def test_the_same_answer_is_drawn_the_same(answer: Answer, tmp_path: Path) -> None:
    """Byte for byte: no time and no chance is in the file."""
    files = tmp_path / "1.svg", tmp_path / "2.svg"
    for file in files:
        picture.draw(answer, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert "date" not in files[0].read_text()


def test_png_is_one(answer: Answer, tmp_path: Path) -> None:
    """It has the head and the end of a PNG."""
    file = tmp_path / "answer.PNG"
    picture.check(file)
    picture.draw(answer, file)
    drawn = file.read_bytes()
    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
    assert drawn.endswith(b"IEND\xaeB`\x82")


def test_very_many_dots_are_an_image(
    answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture of ten thousand jobs can still be looked at."""
    monkeypatch.setattr(picture, "MOST_POINTS", 1)
    file = tmp_path / "answer.svg"
    picture.draw(answer, file)
    assert "data:image/png;base64" in file.read_text()


def test_no_cap_is_no_line(tmp_path: Path) -> None:
    """Without a cap of machines none is drawn."""
    uncapped = {**SCENARIO, "machines": {"alive": "none"}}
    file = tmp_path / "answer.svg"
    picture.draw(answered(play(loaded(uncapped))), file)
    assert "cap (" not in file.read_text()


def test_other_kinds_are_refused_at_once(tmp_path: Path) -> None:
    """A name that says no kind is told before anything is simulated."""
    with pytest.raises(InvalidInput, match=r"answer\.gif must end with \.svg or \.png"):
        picture.check(tmp_path / "answer.gif")


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    """So is a place where no file can be."""
    with pytest.raises(InvalidInput, match="there is no folder"):
        picture.check(tmp_path / "no" / "answer.svg")


def test_a_folder_that_takes_no_file_is_told_at_once() -> None:
    """Nobody waits for hours that are simulated, and then has no picture."""
    with pytest.raises(InvalidInput, match=r"/proc/answer\.svg cannot be written: "):
        picture.check(Path("/proc/answer.svg"))


def test_without_matplotlib_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where matplotlib is missing, one sentence says how to get it."""
    monkeypatch.setattr(picture, "find_spec", lambda _: None)
    with pytest.raises(InvalidInput, match=r"pip install 'jobsched\[plot\]'"):
        picture.check(tmp_path / "answer.svg")


def test_what_cannot_be_written_is_told(answer: Answer, tmp_path: Path) -> None:
    """A file that is a folder cannot be drawn into."""
    (tmp_path / "answer.svg").mkdir()
    with pytest.raises(InvalidInput, match=r"answer\.svg cannot be written"):
        picture.draw(answer, tmp_path / "answer.svg")
