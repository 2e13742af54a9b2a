"""The `student` fixture: the learner's names, reached by plain values only.

`student.rnn_cell(x, h)` calls the learner's function on copies of `x` and `h` and gives a plain value back. What is not
plain, a class instance say, comes back as a `Handle`. Everything goes through an engine with three methods (`get`,
`call`, `grad`), so that the same tests run against code in this process (`rnnbook.exercises.local`) or in another one.
"""

from typing import Protocol


class Engine(Protocol):
    """Where the learner's code lives. Each method may raise LearnerError."""

    changed: tuple[int | str, ...]

    def get(self, number: int | None, name: str):
        """The attribute `name` of the object `number`, or the learner's global of that name when `number` is None."""

    def call(self, number: int, args: tuple, kwargs: dict):
        """The value of calling the object `number`."""

    def grad(self, number: int, args: tuple, wrt: tuple, upstream):
        """Gradients through a call of the object `number`, one for each of `wrt`."""


class Handle:
    """Stands for an object on the learner's side that is no plain value: a function, a class, a model.

    Call it, read its attributes, pass it back as an argument. It has no truth value and cannot be compared or iterated,
    so that a test cannot pass by accident.
    """

    __hash__ = None

    def __init__(self, engine: Engine, number: int, form: str, text: str):
        self._engine = engine
        self._number = number
        self._form = form  # "an object of the class LSTM"
        self._text = text  # "<LSTM object>"

    def __call__(self, *args, **kwargs):
        return self._engine.call(self._number, args, kwargs)

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        return self._engine.get(self._number, name)

    def __repr__(self) -> str:
        return self._text

    def _refuse(self, *_):
        raise TypeError(f"{self!r} is on the learner's side: compare plain values that its methods return.")

    __bool__ = __eq__ = __ne__ = __iter__ = __len__ = _refuse


class Student:
    """The learner's namespace: each attribute is a name that the learner defined.

    Args:
        engine: where the learner's code lives.
    """

    def __init__(self, engine: Engine):
        self._engine = engine

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)
        return self._engine.get(None, name)

    @property
    def changed(self) -> tuple[int | str, ...]:
        """Which arguments the last call changed in place: positions, and names of keyword arguments."""
        return self._engine.changed

    def grad(self, target: str | Handle, args: tuple, wrt: tuple[int | str, ...] = (0,), upstream=None) -> tuple:
        """Gradients through the learner's torch code.

        Args:
            target: the name of the learner's function, or a handle.
            args: the arguments of the call.
            wrt: with respect to what: positions in `args`, or names of the target's parameters ("weight_ih_l0").
            upstream: gradient of the loss with respect to the result, or a tuple of them for a tuple of results (None
                leaves one out); by default ones, which makes the loss the sum of the result.

        Returns:
            One plain tensor for each of `wrt`; zeros where the result does not depend on it.
        """
        handle = getattr(self, target) if isinstance(target, str) else target
        return self._engine.grad(handle._number, args, wrt, upstream)
