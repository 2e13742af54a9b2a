"""Make the book: execute each notebook once, in parallel, and build the HTML from the executed copies.

    python -m rnnbook.book html      execute what changed, then build build/html/index.html
    python -m rnnbook.book execute   execute what changed
    python -m rnnbook.book lab       copy the chapters and exercises to lab/ and open JupyterLab there
    python -m rnnbook.book urls      copy the repository's address to every file that needs it

Sources never hold outputs. A notebook is copied to build/executing/, run there by nbmake, and moved to build/executed/
only when it has passed, stamped with a key: the hash of its code, of the package and of the lock. A notebook with a
current stamp is not run again, and edited prose is merged with the outputs already there. An interrupted run leaves at
most a copy in build/executing/, which nothing reads.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

CHECKOUT = Path(__file__).parents[1]
FOLDERS = ("book", "solutions")  # whose notebooks are executed
TIME_LIMIT = 600  # seconds a cell may take


class BookError(Exception):
    """What went wrong, and what to do about it, in one message."""


class Book:
    """The course in a checkout.

    Args:
        root: the checkout's folder, with book/, solutions/, assets/, results/, rnnbook/ and _config.yml.

    Raises:
        BookError: if root is not a checkout (the book can't be made from the installed package alone).
    """

    def __init__(self, root: Path = CHECKOUT) -> None:
        self.root = root
        self.build = root / "build"
        if not (root / "_config.yml").is_file():
            raise BookError(f"{root} holds no _config.yml: make the book in a clone of the repository")

    # Executing

    def notebooks(self) -> list[Path]:
        """The notebooks to execute, relative to the root."""
        paths = [path for folder in FOLDERS for path in (self.root / folder).glob("*.ipynb")]
        return sorted(path.relative_to(self.root) for path in paths)

    def surroundings(self) -> str:
        """Hash of all that a notebook's outputs depend on apart from its own code."""
        return _hash_files(
            self.root,
            [*_files(self.root / "rnnbook"), *_files(self.root / "results"), self.root / "requirements.txt"],
            sys.version,
        )

    def key(self, notebook: Path, surroundings: str) -> str:
        """Hash that changes when the notebook has to run again; its prose does not count."""
        code = [cell.source for cell in _read(self.root / notebook).cells if cell.cell_type == "code"]
        return hashlib.sha256("\0".join([surroundings, *code]).encode()).hexdigest()

    def executed(self, notebook: Path, key: str) -> nbformat.NotebookNode | None:
        """The notebook as it stands in the sources with the outputs of its execution, or None if those are stale."""
        path = self.build / "executed" / notebook
        if not path.is_file():
            return None
        run = _read(path)
        if run.metadata.get("rnnbook_key") != key:
            return None
        source = _read(self.root / notebook)
        runs = iter(cell for cell in run.cells if cell.cell_type == "code")
        for cell in source.cells:
            if cell.cell_type == "code":
                ran = next(runs)
                cell.outputs, cell.execution_count = ran.outputs, ran.execution_count
        source.metadata = run.metadata
        return source

    def execute(self, workers: str = "auto") -> dict[Path, str]:
        """Run every notebook whose stamp is not current; return the keys of all, as they were when it began.

        Raises:
            BookError: if a cell failed. nbmake has printed the notebook, the cell and the traceback by then.
        """
        surroundings = self.surroundings()
        keys = {notebook: self.key(notebook, surroundings) for notebook in self.notebooks()}
        pending = {notebook: key for notebook, key in keys.items() if self.executed(notebook, key) is None}
        print(f"{len(keys) - len(pending)} of {len(keys)} notebooks are up to date.", flush=True)
        if not pending:
            return keys
        executing = self.build / "executing"
        shutil.rmtree(executing, ignore_errors=True)
        for notebook in pending:
            (executing / notebook).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.root / notebook, executing / notebook)
        # One thread a kernel: notebooks run side by side, and the results do not depend on the number of cores.
        os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONHASHSEED="0")
        os.environ["RNNBOOK_STATE"] = str(self.build / "state")  # a check here is no progress of the user's
        options = ["--nbmake", "--overwrite", f"--nbmake-timeout={TIME_LIMIT}", f"--numprocesses={workers}", "-v"]
        # A kernel finds free ports and binds them later: if another is quicker, it dies. Only cells fail for good.
        again = ["--reruns=2", "--rerun-except=NotebookFailedException"]
        isolation = ["-c", os.devnull, f"--rootdir={executing}", "-p", "no:cacheprovider"]
        outcome = pytest.main([*options, *again, *isolation, str(executing)], plugins=[_Harvest(self, pending)])
        if outcome == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt  # pytest has caught Ctrl-C
        if outcome != pytest.ExitCode.OK:
            raise BookError("A notebook failed: its cell and traceback stand above. Mend it and run the command again.")
        shutil.rmtree(executing)
        return keys

    def harvest(self, notebook: Path, key: str) -> None:
        """Take an executed notebook that passed out of build/executing/, stamped with its key."""
        source = self.build / "executing" / notebook
        run = _read(source)
        for cell in run.cells:
            cell.metadata.pop("execution", None)  # time stamps, which differ from run to run
        run.metadata["rnnbook_key"] = key
        nbformat.write(run, source)
        target = self.build / "executed" / notebook
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)

    # The site

    def assemble(self, keys: dict[Path, str]) -> Path:
        """Write build/book/: the book's files with the executed notebooks in place of the sources.

        Args:
            keys: what `execute` returned. Who edits the package while it runs gets the book as it was.

        Raises:
            BookError: if a notebook's outputs do not belong to its key.
        """
        target = self.build / "book"
        wanted = {path.relative_to(self.root / "book") for path in _files(self.root / "book")}
        for path in _files(target):
            if path.relative_to(target) not in wanted:
                path.unlink()
        for name in sorted(wanted):
            if name.suffix == ".ipynb" and len(name.parts) == 1:
                notebook = Path("book") / name
                run = self.executed(notebook, keys[notebook])
                if run is None:
                    raise BookError(f"{notebook} has not been executed: run `make book`")
                content = nbformat.writes(run).encode()
            else:
                content = (self.root / "book" / name).read_bytes()
            _write_if_changed(target / name, content)
        return target

    def html(self) -> Path:
        """Build build/html from the executed notebooks; return its index.html. Done already: nothing is built."""
        from rnnbook import site

        source = self.assemble(self.execute())
        target = self.build / "html"
        stamp = target / ".complete"
        files = [*_files(source), *_files(self.root / "assets"), self.root / "_config.yml"]
        key = _hash_files(self.root, [*files, self.root / "requirements.txt", Path(site.__file__), Path(__file__)])
        if stamp.is_file() and stamp.read_text() == key:
            return target / "index.html"
        print("Building the HTML ...", flush=True)
        command = [
            Path(sys.executable).with_name("jupyter-book"),
            "build",
            source,
            "--path-output",
            self.build / "sphinx",
        ]
        command += ["--config", self.root / "_config.yml", "--warningiserror", "--nitpick", "--keep-going", "--quiet"]
        if subprocess.run(command, cwd=self.root, stdout=subprocess.DEVNULL).returncode:
            raise BookError("The book did not build: the warnings above count as errors.")
        fresh = self.build / "html.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(self.build / "sphinx" / "_build" / "html", fresh)
        # Sphinx copies static files only when a page has changed.
        shutil.copytree(self.root / "assets", fresh / "_static", dirs_exist_ok=True)
        site.finish(fresh)
        (fresh / stamp.name).write_text(key)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(fresh, target)
        return target / "index.html"

    # For readers and maintainers

    def lab(self) -> Path:
        """Copy chapters and exercises to lab/, where a learner works; what is there already is never overwritten."""
        lab = self.root / "lab"
        for folder in ("book", "exercises"):
            for source in (self.root / folder).glob("*.ipynb"):
                target = lab / ("chapters" if folder == "book" else folder) / source.name
                if target.exists():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        return lab

    def urls(self, check: bool = False) -> list[Path]:
        """Bring the repository's address from pyproject.toml to every file that names it; return those that differed.

        Args:
            check: change nothing, only report.
        """
        address = tomllib.loads((self.root / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
        owner, name = address.removeprefix("https://github.com/").split("/")
        wanted = {  # wherever one of these stands, it is made to say what pyproject.toml says
            re.compile(rf"github\.com/[\w-]+/{name}(?![\w-])"): f"github.com/{owner}/{name}",
            re.compile(
                rf"colab\.research\.google\.com/github/[\w-]+/{name}\b"
            ): f"colab.research.google.com/github/{owner}/{name}",
            re.compile(rf"[\w-]+\.github\.io/{name}(?![\w-])"): f"{owner}.github.io/{name}",
        }
        stale = []
        tracked = subprocess.run(["git", "ls-files"], cwd=self.root, capture_output=True, text=True, check=True).stdout
        for path in (self.root / line for line in tracked.splitlines()):
            if path.suffix not in {".md", ".cff", ".yml", ".ipynb", ".json"} or not path.is_file():
                continue
            text = path.read_text(encoding="utf-8")
            mended = text
            for pattern, right in wanted.items():
                mended = pattern.sub(right, mended)
            if mended != text:
                stale.append(path)
                if not check:
                    path.write_text(mended, encoding="utf-8")
        return stale


class _Harvest:
    """A pytest plugin that takes each notebook as soon as it has passed, so that an interruption loses none."""

    def __init__(self, book: Book, keys: dict[Path, str]) -> None:
        self.book, self.keys = book, keys

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            notebook = Path(report.nodeid.split("::")[0])
            self.book.harvest(notebook, self.keys[notebook])


def _read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _hash_files(root: Path, files: list[Path], *more: str) -> str:
    total = hashlib.sha256("\0".join(more).encode())
    for path in files:
        name = path.relative_to(root) if path.is_relative_to(root) else path.name
        total.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _write_if_changed(path: Path, content: bytes) -> None:
    """Leave an unchanged file's time stamp alone: Sphinx then skips its page."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def main() -> int:
    """Run a command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m rnnbook.book", description="Make the book.")
    parser.add_argument("command", choices=["execute", "html", "lab", "urls"])
    parser.add_argument("--check", action="store_true", help="urls: change nothing, fail if something is stale")
    arguments = parser.parse_args()
    try:
        book = Book()
        if arguments.command == "execute":
            book.execute()
        elif arguments.command == "html":
            print(f"\nThe book is at {os.path.relpath(book.html())}")
        elif arguments.command == "lab":
            print(f"Your working copies are in {os.path.relpath(book.lab())}/", flush=True)
            return subprocess.run([sys.executable, "-m", "jupyterlab", str(book.lab())]).returncode
        elif stale := book.urls(arguments.check):
            print(*(path.relative_to(book.root) for path in stale), sep="\n")
            return int(arguments.check)
    except BookError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What was finished is kept; the rest runs next time.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
