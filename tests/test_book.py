"""Executing and building the book, and the form of the chapters."""

import ast
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tomllib

import nbformat
import pytest
import yaml
from nbformat import v4
from packaging.requirements import Requirement

from rnnbook.book import CHECKOUT, Book, BookError
from rnnbook.exercises.catalogue import catalogue

PAGES = sorted((CHECKOUT / "book").glob("*.ipynb"))
CHAPTERS = [path for path in PAGES if path.name[0].isdigit()]  # the others are appendices
NOTEBOOKS = sorted(
    path for folder in ("book", "solutions", "exercises") for path in (CHECKOUT / folder).glob("*.ipynb")
)
COLAB = """\
import importlib.util
import sys

if "google.colab" in sys.modules and importlib.util.find_spec("rnnbook") is None:
    %pip install --quiet git+{address}"""


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(path):
    return [cell.source for cell in read(path).cells if cell.cell_type == "code"]


def prose_of(path):
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def plain_python(path):
    """The code of a notebook without its magics, as one module."""
    lines = "\n".join(code_of(path)).splitlines()
    return "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines)


# Executing


def write_notebook(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = [v4.new_markdown_cell(c[1:]) if c.startswith("#") else v4.new_code_cell(c) for c in cells]
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    nbformat.write(v4.new_notebook(cells=made, metadata=kernel), path)


@pytest.fixture
def checkout(tmp_path):
    """A small checkout: a package of one file, a lock, and two notebooks that say how often they ran."""
    for name, text in {
        "_config.yml": "title: trial\n",
        "rnnbook/idea.py": "x = 1\n",
        "requirements.txt": "numpy==2\n",
        "pyproject.toml": '[project]\nname = "rnnbook"\n[project.urls]\nRepository = "https://github.com/new/rnnbook"\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    count = f"from pathlib import Path\nlog = Path({str(tmp_path)!r}, 'log')\nlog.open('a').write('ran ')\n1 + 1"
    write_notebook(tmp_path / "book" / "a.ipynb", "## Title", count)
    write_notebook(tmp_path / "book" / "b.ipynb", "## Title", count)
    return tmp_path


def execute(checkout):
    """In a process of its own, as `make book` does it: pytest does not run well inside pytest."""
    script = f"from pathlib import Path; from rnnbook.book import Book; Book(Path({str(checkout)!r})).execute('2')"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    return run.returncode, run.stdout + run.stderr


def test_a_notebook_runs_once_until_its_code_the_package_or_the_lock_changes(checkout):
    runs = lambda: len((checkout / "log").read_text().split())  # noqa: E731
    for _ in range(2):
        code, output = execute(checkout)
        assert code == 0, output
        assert runs() == 2

    book = Book(checkout)
    for path in ("rnnbook/idea.py", "requirements.txt"):
        before = book.surroundings()
        (checkout / path).write_text("x = 2\n")
        assert book.surroundings() != before, path

    write_notebook(checkout / "book" / "a.ipynb", "## Title", *code_of(checkout / "book" / "a.ipynb"), "2 + 2")
    code, output = execute(checkout)
    assert code == 0, output
    assert runs() == 4  # both: the package and the lock had changed as well


def test_prose_may_change_without_a_run_and_keeps_the_outputs(checkout):
    execute(checkout)
    book = Book(checkout)
    notebook = book.notebooks()[0]
    source = read(checkout / notebook)
    source.cells[0].source = "# Another title"
    nbformat.write(source, checkout / notebook)
    run = book.executed(notebook, book.key(notebook, book.surroundings()))
    assert run.cells[0].source == "# Another title"
    assert run.cells[1].outputs[0].data["text/plain"] == "2"
    assert run.cells[1].execution_count == 1


def test_a_kernel_that_does_not_come_up_is_started_again(checkout, monkeypatch):
    # As one that finds its ports taken: the first of the two kernels ends before it answers.
    kernel = checkout / "kernels" / "python3"
    kernel.mkdir(parents=True)
    taken = kernel / "taken"
    taken.touch()
    script = f"test -e {taken} && rm {taken} && exit 1; exec {sys.executable} -m ipykernel_launcher -f $0"
    spec = {"argv": ["sh", "-c", script, "{connection_file}"], "display_name": "late", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(checkout))
    code, output = execute(checkout)
    assert code == 0, output
    assert not taken.exists()
    assert "1 rerun" in output


def test_a_failing_cell_names_notebook_cell_and_error_and_the_others_are_kept(checkout):
    write_notebook(checkout / "book" / "b.ipynb", "## Title", "y = 1", "y / 0  # the culprit")
    code, output = execute(checkout)
    assert code != 0
    assert "RERUN" not in output
    for part in ("b.ipynb", "y / 0  # the culprit", "ZeroDivisionError", "Mend it and run the command again"):
        assert part in output
    book = Book(checkout)
    a, b = book.notebooks()
    surroundings = book.surroundings()
    assert book.executed(a, book.key(a, surroundings)) is not None
    assert book.executed(b, book.key(b, surroundings)) is None
    with pytest.raises(BookError, match=r"b\.ipynb has not been executed"):
        book.assemble({a: book.key(a, surroundings), b: book.key(b, surroundings)})


def test_what_an_interrupted_run_leaves_is_not_taken_for_finished(checkout):
    left = checkout / "build" / "executing" / "book"
    left.mkdir(parents=True)
    shutil.copy(checkout / "book" / "a.ipynb", left)
    book = Book(checkout)
    assert book.executed(book.notebooks()[0], book.key(book.notebooks()[0], book.surroundings())) is None


def test_outside_a_checkout_it_says_so(tmp_path):
    with pytest.raises(BookError, match="clone of the repository"):
        Book(tmp_path)


def test_the_lab_never_overwrites_work(checkout):
    book = Book(checkout)
    mine = book.lab() / "chapters" / "a.ipynb"
    mine.write_text("my work")
    book.lab()
    assert mine.read_text() == "my work"
    assert (checkout / "lab" / "chapters" / "b.ipynb").is_file()


# The repository's address


def test_urls_follow_pyproject(checkout):
    hub, owner = "https://github.com", "old"
    text = (
        f"{hub}/{owner}/rnnbook/issues https://{owner}.github.io/rnnbook/ git+{hub}/{owner}/rnnbook "
        f"https://colab.research.google.com/github/{owner}/rnnbook/blob/main/x.ipynb {hub}/{owner}/rnnbook-too"
    )
    (checkout / "README.md").write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    subprocess.run(["git", "add", "README.md"], cwd=checkout, check=True)
    book = Book(checkout)
    assert book.urls(check=True) == [checkout / "README.md"]
    assert (checkout / "README.md").read_text() == text
    book.urls()
    mended = (checkout / "README.md").read_text()
    assert mended.count("new/rnnbook") + mended.count("new.github.io/rnnbook") == 4
    assert mended.endswith("/old/rnnbook-too")
    assert book.urls(check=True) == []


def test_all_addresses_are_up_to_date():
    assert Book().urls(check=True) == []


# The chapters' form


def package_names():
    """Names of the public functions and classes that a chapter may teach: what checks and grades is not among them."""
    names = set()
    for path in (CHECKOUT / "rnnbook").rglob("*.py"):
        if not {"exercises", "grading"} & {*path.parts}:
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                    names.add(node.name)
    return names


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_notebook_begins_with_the_colab_cell_and_holds_no_outputs(path):
    address = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
    first = next(cell for cell in read(path).cells if cell.cell_type == "code")
    assert first.source == COLAB.format(address=address)
    assert "colab-setup" in first.metadata.tags
    for cell in read(path).cells:
        assert not cell.get("outputs")
        assert not cell.get("execution_count")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_defines_nothing_that_the_package_has(path):
    defined = {
        node.name
        for node in ast.walk(ast.parse(plain_python(path)))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert defined & package_names() == set()


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_all_its_parts_in_order(path):
    prose = prose_of(path)
    assert re.match(r"# \S", prose)
    headings = re.findall(r"^## (.*)", prose, re.MULTILINE)
    parts = ("baseline", "itfalls", "uiz", "xercises", "ummary", "urther reading")
    places = [next((i for i, heading in enumerate(headings) if part in heading), None) for part in parts]
    assert None not in places, dict(zip(parts, places, strict=True))
    assert places == sorted(places)
    assert "After this chapter" in prose
    assert "{cite" in prose
    code = "\n".join(code_of(path))
    assert f'rnnbook.quiz("{path.stem}")' in code or f'quiz("{path.stem}")' in code
    assert "results." in code
    assert "plot.show(" in code


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_names_its_exercises_and_links_them(path):
    prose = prose_of(path)
    for exercise in catalogue():
        if exercise.chapter == path.stem:
            assert f"`{exercise.id}`" in prose, exercise.id
    assert f"/blob/main/exercises/{path.name}" in prose


def test_every_page_of_the_contents_exists_and_every_notebook_is_in_them():
    contents = yaml.safe_load((CHECKOUT / "book" / "_toc.yml").read_text())
    files = {chapter["file"] for part in contents["parts"] for chapter in part["chapters"]}
    for name in files:
        assert any((CHECKOUT / "book" / f"{name}{suffix}").is_file() for suffix in (".md", ".ipynb")), name
    assert {path.stem for path in PAGES} <= files


def test_executed_pages_complain_about_nothing():
    """No warning, no error stream: a reader would take it for a fault of theirs."""
    for path in PAGES:
        run = CHECKOUT / "build" / "executed" / "book" / path.name
        if not run.is_file():
            pytest.skip("run `make book` first")
        for number, cell in enumerate(read(run).cells):
            for output in cell.get("outputs", []):
                assert output.get("name") != "stderr", f"{path.name}, cell {number}: {output.text}"


# The package as a whole


def test_the_docstring_names_every_module():
    import rnnbook

    for path in (CHECKOUT / "rnnbook").iterdir():
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and path.stem != "__init__":
            assert re.search(rf"\b{path.stem}\b", rnnbook.__doc__), path.stem


def dependencies():
    """All that pyproject.toml asks for, the extras included."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in (*project["dependencies"], *extras)]


def test_the_lock_holds_every_dependency_at_a_version_that_fits():
    locked = {}
    for line in (CHECKOUT / "requirements.txt").read_text().splitlines():
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate():
            locked[pin.name] = str(pin.specifier).removeprefix("==")
    for requirement in dependencies():
        assert requirement.specifier.contains(locked[requirement.name]), requirement
    for name, version in locked.items():
        assert importlib.metadata.version(name).split("+")[0] == version, name


def test_contributing_gives_a_reason_for_every_dependency():
    text = (CHECKOUT / "CONTRIBUTING.md").read_text()
    for requirement in dependencies():
        assert f"| {requirement.name} |" in text, requirement.name


def test_the_package_sets_no_upper_bound():
    """Colab must keep its own torch and numpy."""
    for requirement in tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["dependencies"]:
        assert "<" not in requirement, requirement
        assert "==" not in requirement, requirement
