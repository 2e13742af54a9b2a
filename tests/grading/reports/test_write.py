"""All reports together, as a class run writes them."""

import json

import pytest
from sample_class import SECRET, result, submission

from rnnbook.grading import reports

CANVAS = {"Student": "Lovelace, Ada", "ID": "17", "Section": "A"}
ALWAYS = {"class.html", "grades.csv", "results.json", "junit.xml", "run.json", "learners"}


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_all_files_are_written(tmp_path):
    files = reports.write(tmp_path / "grades", [result()], [submission(identity=CANVAS)], {"seconds": 1})
    assert names(tmp_path / "grades") == ALWAYS | {"canvas.csv", "moodle.csv"}
    assert {path.name for path in files} == names(tmp_path / "grades") - {"learners"}
    assert names(tmp_path / "grades" / "learners") == {"ada.html"}
    assert json.loads((tmp_path / "grades" / "run.json").read_text()) == {"seconds": 1}


def test_a_second_run_replaces_the_first(tmp_path):
    reports.write(tmp_path, [result("Ada"), result("Bob")], [submission("Ada", identity=CANVAS)], {})
    (tmp_path / "notes.txt").write_text("mine")
    reports.write(tmp_path, [result("Ada")], [submission("Ada")], {})
    assert names(tmp_path) == ALWAYS | {"notes.txt"}
    assert names(tmp_path / "learners") == {"ada.html"}


def test_only_the_instructors_files_show_hidden_tests(tmp_path):
    reports.write(tmp_path, [result()], [submission(identity=CANVAS)], {})
    shown = {path.name for path in tmp_path.rglob("*.*") if SECRET in path.read_text(encoding="utf-8")}
    assert shown == {"class.html", "results.json", "junit.xml"}
    assert SECRET not in reports.summary([result()], [submission()])


def test_only_run_json_and_the_class_page_know_of_the_run(tmp_path):
    texts = []
    for seconds in (1, 2):
        reports.write(tmp_path, [result()], [submission(identity=CANVAS)], {"seconds": seconds, "workers": 1})
        texts.append({path.name: path.read_bytes() for path in tmp_path.rglob("*.*")})
    assert {name for name in texts[0] if texts[0][name] != texts[1][name]} == {"run.json", "class.html"}


@pytest.mark.parametrize("learners", [0, 1, 1000])
def test_classes_of_any_size(tmp_path, learners):
    results = [result(f"Learner {number}", id) for number in range(learners) for id in ("rnn-cell", "one-hot")]
    reports.write(tmp_path, results, [submission(f"Learner {number}") for number in range(learners)], {})
    assert len(json.loads((tmp_path / "results.json").read_text())["learners"]) == learners
    assert len([*(tmp_path / "learners").glob("*")] if learners else []) == learners
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8-sig").count("\n") == learners + 1
