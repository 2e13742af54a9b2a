"""Who does the grading in a large class: the workers of a dask cluster, as `workers.Local` does on one machine.

A task brings all that it needs: the submission, the settings and the hidden tests. A worker needs only the package, in
the same version as here. When it is lost, dask gives its tasks to another.
"""

import atexit
import contextlib
import functools
import platform
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rnnbook.grading.classroom import workers
from rnnbook.grading.classroom.fingerprint import environment
from rnnbook.grading.classroom.workers import Done, Task
from rnnbook.grading.errors import GradingError
from rnnbook.grading.types import Settings

if TYPE_CHECKING:
    from distributed import Client

_CONNECTING = "15s"
_WAITING = 60  # seconds for the first worker to join
_WINDOW = 8  # tasks that wait at the cluster for each of its threads; the others stay here


@dataclass(frozen=True)
class TLS:
    """The files for an encrypted connection, in which both sides prove who they are.

    Args:
        ca: certificate of the authority that signed all certificates of the cluster.
        cert: this side's certificate.
        key: its key.
    """

    ca: str
    cert: str
    key: str


class Cluster:
    """The workers of a dask cluster; a context manager.

    Args:
        address: the scheduler's, such as "tcp://10.0.0.5:8786".
        tls: for an address that begins with "tls://".
    """

    def __init__(self, address: str, tls: TLS | None = None):
        self.count = 0
        self._address = address
        self._tls = tls
        self._client = None

    def __enter__(self) -> "Cluster":
        """Connects.

        Raises:
            GradingError: no scheduler answers, no worker joins, or a worker has another version of something.
        """
        try:
            self._client = self._connect()
        except (OSError, ValueError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            raise GradingError(
                f"No dask scheduler answers at {self._address} ({reason}). Start one with `dask scheduler`, and name "
                "the address that it prints; a tls:// address needs --tls-ca, --tls-cert and --tls-key."
            ) from None
        with contextlib.ExitStack() as undo:
            undo.callback(self.__exit__)
            self._look_at_workers()
            undo.pop_all()
        return self

    def __exit__(self, *_) -> None:
        self._client.close()

    def _connect(self, attempts: int = 3) -> "Client":
        from distributed import Client, Security

        security = None
        if self._tls:
            tls = {"tls_ca_file": self._tls.ca, "tls_client_cert": self._tls.cert, "tls_client_key": self._tls.key}
            security = Security(require_encryption=True, **tls)
        try:
            return Client(self._address, security=security, timeout=_CONNECTING, set_as_default=False)
        except AssertionError:  # dask asserts that its thread ran within 10 s; on a machine that stood still it did not
            if attempts == 1:
                raise GradingError("This machine is too busy for dask to start. Try again when less runs.") from None
            return self._connect(attempts - 1)

    def tier(self, name: str | None, allow_unsafe: bool) -> str:
        """The strongest sandbox that works on every worker; see `sandbox.choose`."""
        from rnnbook.grading import sandbox

        tiers = self._client.run(_tier, name, allow_unsafe)
        for address, tier in tiers.items():
            if isinstance(tier, GradingError):
                raise GradingError(f"On the worker {address}: {tier}")
        return max(tiers.values(), key=sandbox.TIERS.index)

    def run(self, tasks: Iterable[Task], settings: Settings) -> Iterator[Done]:
        """Does the tasks, in any order.

        Raises:
            GradingError: the settings cannot be used, or the cluster is lost.
        """
        from distributed import as_completed

        files = _read(settings.tests)
        waiting = iter(tasks)
        asked = {}

        def submit(task: Task):
            arguments = (task, settings, files, workers.GRADER, environment())
            future = self._client.submit(_work, *arguments, pure=False, retries=workers.TRIES - 1)
            asked[future] = task.submission.digest
            return future

        first = [submit(task) for task in islice(waiting, _WINDOW * self.count)]
        completed = as_completed(first, loop=self._client.loop)
        for future in completed:
            following = next(waiting, None)
            if following:
                completed.add(submit(following))
            yield _outcome(future, asked.pop(future))

    def _look_at_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_WAITING)
        except TimeoutError:
            raise GradingError(
                f"No worker has joined the cluster: start some with `dask worker {self._address} --nthreads 1`."
            ) from None
        self.count = sum(self._client.nthreads().values())
        for address, found in self._client.run(_environment).items():
            _require_same(address, found, environment())


def _outcome(future, submission: str) -> Done:
    """What came of a task, or why it could not be done."""
    from concurrent.futures import CancelledError

    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    try:
        return future.result()
    except GradingError:
        raise
    except KilledWorker:
        return Done(submission, fault="Every worker that had this submission was lost over it.")
    except (CancelledError, FutureCancelledError, OSError):
        raise GradingError(
            "The cluster is lost. What is finished is kept: start the cluster, and run the same command again."
        ) from None
    except Exception as error:
        return Done(submission, fault=f"{type(error).__name__}: {error}".partition("\n")[0])
    finally:
        future.release()


def _work(task: Task, settings: Settings, files: dict[str, bytes] | None, maker: str, expected: dict) -> Done:
    """Does a task on a worker, which may have joined after the others were looked at."""
    _require_same(f"on {platform.node()}", environment(), expected)
    if files is not None:
        settings = replace(settings, tests=_folder(tuple(files.items())))
    return workers.work(task, settings, maker)


def _require_same(worker: str, found: dict[str, str], wanted: dict[str, str]) -> None:
    different = [
        f"{name} {found.get(name)} instead of {value}" for name, value in wanted.items() if found.get(name) != value
    ]
    if different:
        raise GradingError(
            f"The worker {worker} might give other marks than this machine: it has {', '.join(different)}. "
            "Install the same there as here."
        )


def _read(tests: str | None) -> dict[str, bytes] | None:
    if tests is None:
        return None
    files = (path for path in sorted(Path(tests).rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(tests).as_posix(): path.read_bytes() for path in files}


@functools.cache
def _folder(files: tuple[tuple[str, bytes], ...]) -> str:
    """A folder of this worker's with the hidden tests, which only this user can read."""
    folder = Path(tempfile.mkdtemp(prefix="rnnbook-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, content in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return str(folder)


def _environment() -> dict[str, str]:
    return environment()


def _tier(name: str | None, allow_unsafe: bool) -> str | GradingError:
    from rnnbook.grading import sandbox

    try:
        return sandbox.choose(name, allow_unsafe)
    except GradingError as error:
        return error
