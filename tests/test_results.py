import dataclasses
import json
import math
import statistics

import pytest

import rnnbook.results as results
from rnnbook.results import Result


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty checkout."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(results, "ROOT", tmp_path)
    return tmp_path / "results"


RUN = {
    "name": "names-rnn",
    "task": "names",
    "model": {"name": "RNN", "parameters": 12_345},
    "dataset": {"name": "names", "full": True, "sha256": "ab"},
    "metric": "test_accuracy",
    "higher_is_better": True,
    "seeds": range(3),
    "values": [0.84, 0.85, 0.842],
    "seconds": [1.0, 2.0, 3.0],
    "command": "rnnbook train names",
    "more": {"macro_f1": [0.55, 0.56, 0.57]},
}


@pytest.fixture
def result(folder):
    return results.record(**RUN)


def test_saving_and_loading_round_trips(result, folder):
    path = results.save(result)
    assert path == folder / "names-rnn.json"
    assert results.load("names-rnn") == result
    assert results.names() == ["names-rnn"]
    assert results.folder() == folder
    assert [p.name for p in folder.iterdir()] == ["names-rnn.json"]


@pytest.mark.parametrize(("seconds", "text"), [(0.00034, "0.00034"), (84.25, "84.2"), (1148.8, "1,149")])
def test_the_cost_of_a_seed_is_legible(result, seconds, text):
    assert dataclasses.replace(result, seconds=[seconds] * 3).cost() == text


def test_the_file_holds_the_designed_fields_in_order(result):
    fields = json.loads(results.save(result).read_text())
    assert " ".join(fields) == (
        "name task model dataset metric higher_is_better seeds values mean sd seconds more command machine versions "
        "date commit"
    )
    assert fields["mean"] == pytest.approx(0.844)
    assert fields["sd"] == pytest.approx(statistics.stdev([0.84, 0.85, 0.842]))
    assert fields["seeds"] == [0, 1, 2]
    assert set(fields["machine"]) == {"processor", "threads", "device"}
    assert set(fields["versions"]) == {"python", "torch", "rnnbook"}
    assert fields["machine"]["processor"]


def test_a_list_of_numbers_has_a_line_of_its_own(result):
    curves = [[0.5, -1e-07, None], [3, 4]]
    more = {"curves": curves, "words": ["1", "2"], "text": "[\n 1,\n 2\n]", "empty": []}
    text = results.save(dataclasses.replace(result, more=more)).read_text()
    assert '"curves": [\n   [0.5, -1e-07, null],\n   [3, 4]\n  ]' in text
    assert '"seeds": [0, 1, 2],' in text
    assert results.load("names-rnn").more == more


def test_save_takes_another_folder_and_replaces_what_is_there(result, tmp_path):
    elsewhere = tmp_path / "a" / "b"
    results.save(result, elsewhere)
    path = results.save(dataclasses.replace(result, command="again"), elsewhere)
    assert json.loads(path.read_text())["command"] == "again"
    assert len(list(elsewhere.iterdir())) == 1


def test_a_failed_save_leaves_the_old_file(result, folder, monkeypatch):
    path = results.save(result)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("no")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no"):
        results.save(dataclasses.replace(result, command="again"))
    assert path.read_bytes() == before
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Names RNN"}, "small letters"),
        ({"name": "../names"}, "small letters"),
        ({"name": "a--b"}, "small letters"),
        ({"seeds": []}, "one or more"),
        ({"seeds": [0, 1, 1]}, "all different"),
        ({"values": [0.1, 0.2]}, "2 values for 3 seeds"),
        ({"seconds": [1.0]}, "1 seconds for 3 seeds"),
        ({"values": [0.1, math.nan, 0.2]}, "not all finite"),
        ({"seconds": [0.1, math.inf, 0.2]}, "not all finite"),
    ],
)
def test_a_result_that_makes_no_sense_is_refused(result, change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(result, **change)


@pytest.mark.parametrize("more", [{"f1": [math.nan]}, {"net": object()}])
def test_what_json_cannot_hold_is_refused(result, folder, more):
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        results.save(dataclasses.replace(result, more=more))
    assert results.names() == []


def test_an_unknown_name_suggests_the_nearest(result):
    with pytest.raises(FileNotFoundError, match="none yet"):
        results.load("names-rnn")
    results.save(result)
    with pytest.raises(FileNotFoundError, match=r"Did you mean names-rnn\?"):
        results.load("name-rnn")
    with pytest.raises(FileNotFoundError, match="There are: names-rnn"):
        results.load("zzz")


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: "",
        lambda text: "[1, 2]",
        lambda text: text.replace('"mean": 0.84', '"mean": 0.94'),
        lambda text: text.replace('"sd": 0.', '"sd": 1.'),
        lambda text: text.replace('"names-rnn"', '"names-gru"'),
        lambda text: text.replace('"task"', '"tusk"'),
        lambda text: text.replace('"sd"', '"spread"'),
        lambda text: text.replace("0.85", '"0.85"'),
        lambda text: text.replace("0.85", "NaN"),
    ],
)
def test_a_damaged_file_is_one_clear_error(result, damage):
    path = results.save(result)
    damaged = damage(path.read_text())
    assert damaged != path.read_text()
    path.write_text(damaged)
    with pytest.raises(ValueError, match=r"names-rnn\.json is damaged .* Restore it with git"):
        results.load("names-rnn")


def test_an_installed_package_reads_its_own_copy_and_keeps_nothing_new(result, folder, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").unlink()
    monkeypatch.setattr(results, "__file__", str(tmp_path / "rnnbook" / "results.py"))
    assert results.folder() == tmp_path / "rnnbook" / "recorded"
    with pytest.raises(ValueError, match="name a folder"):
        results.save(result)
    results.save(result, results.folder())
    assert results.load("names-rnn") == result
    assert results.record(**RUN).commit == "unknown", "git would answer for what surrounds the package"


def test_summary(result):
    assert result.summary() == "84.4 % ± 0.5 (3 seeds)"
    assert result.summary(percent=False) == "0.844 ± 0.005 (3 seeds)"
    loss = dataclasses.replace(result, metric="test_loss", values=[1.5, 1.25, 2.0])
    assert loss.summary() == "1.583 ± 0.382 (3 seeds)"
    assert loss.summary(percent=True) == "158.3 % ± 38.2 (3 seeds)"
    bleu = dataclasses.replace(result, metric="bleu", values=[33.25, 34.5, 33.5])
    assert bleu.summary() == "33.8 ± 0.7 (3 seeds)"
    single = dataclasses.replace(result, seeds=[4], values=[0.5], seconds=[1.0])
    assert single.summary() == "50.0 % (1 seed)"
    assert single.sd == 0


def test_a_result_displays_itself_with_its_command(result):
    machine = {"processor": "Abacus", "threads": 1, "device": "cpu"}
    text = dataclasses.replace(result, machine=machine)._repr_markdown_()
    for part in ("RNN", "test accuracy", "84.4 % ± 0.5 (3 seeds)", "names, the full data", "2 s a seed"):
        assert part in text
    assert "Abacus (1 thread, cpu)" in text
    assert "`rnnbook train names`" in text
    sample = dataclasses.replace(result, dataset={"name": "names", "full": False, "sha256": "ab"})
    assert "names, the embedded sample" in sample._repr_markdown_()
    made = dataclasses.replace(result, dataset={"name": "adding", "full": True, "sha256": ""})
    assert "adding, generated;" in made._repr_markdown_()


@pytest.mark.parametrize(("higher_is_better", "order"), [(True, ["GRU", "RNN"]), (False, ["RNN", "GRU"])])
def test_a_table_puts_the_best_first(result, higher_is_better, order):
    rnn = dataclasses.replace(result, higher_is_better=higher_is_better)
    gru = dataclasses.replace(rnn, model={"name": "GRU", "parameters": 1}, values=[0.9, 0.9, 0.9])
    lines = results.table(iter([rnn, gru])).data.splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == order
    assert "| RNN | 84.4 % ± 0.5 (3 seeds) | 12,345 | 2 | `rnnbook train names` |" in lines
    assert {line.count("|") for line in lines} == {6}


def test_a_table_compares_one_metric(result):
    with pytest.raises(ValueError, match="one metric"):
        results.table([result, dataclasses.replace(result, metric="test_loss")])
    with pytest.raises(ValueError, match="one metric"):
        results.table([])


def test_every_recorded_result_can_be_read():
    assert all(isinstance(results.load(name), Result) for name in results.names())


def test_selecting_by_name_by_task_and_by_how_names_begin(result, folder):
    other = dataclasses.replace(result, name="ragged-lstm", task="speed")
    for each in (result, other):
        results.save(each)
    assert results.select([]) == [result, other]
    assert results.select(["names"]) == results.select(["names-rnn"]) == [result]
    assert results.select(["speed"]) == results.select(["ragged"]) == [other]
    with pytest.raises(ValueError, match="No recorded result 'ragge'"):
        results.select(["ragge"])


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_groups_have_the_best_first(result, higher_is_better):
    result = dataclasses.replace(result, higher_is_better=higher_is_better)
    other = dataclasses.replace(result, values=[0.9, 0.9, 0.9])
    expected = [other, result] if higher_is_better else [result, other]
    assert results.grouped([result, other]) == {("names", "test_accuracy"): expected}


def test_a_difference_has_the_standard_error_of_two_means(result):
    other = dataclasses.replace(result, seeds=[0, 1], values=[0.80, 0.82], seconds=[1.0, 1.0])
    error = 100 * math.sqrt(statistics.variance(result.values) / 3 + statistics.variance(other.values) / 2)
    assert results.gap(other, result) == f"-3.40 ± {error:.2f} points"
    single = dataclasses.replace(result, seeds=[0], values=[0.844], seconds=[1.0], metric="mse")
    assert results.gap(single, result) == "+0.000"
    assert results.gap(result, result) == "—"
