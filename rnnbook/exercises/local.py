"""The learner's code in this process: the engine of `student` in a notebook and behind `rnnbook check`."""

import operator
from collections.abc import Callable

import torch

from rnnbook.exercises.errors import LearnerError, NotWritten
from rnnbook.exercises.guard import Guard
from rnnbook.exercises.student import Handle
from rnnbook.exercises.values import changed, describe, is_routine, plain, rebuild, sketch


class Local:
    """An engine on a namespace.

    Args:
        namespace: the learner's global names.
        seconds: time limit of the test.
        functions: names of functions and classes that the exercise asks for.
    """

    def __init__(self, namespace: dict, seconds: float, functions: tuple[str, ...] = ()):
        self.changed: tuple[int | str, ...] = ()
        self.after: list = []  # the last call's arguments as they are now, objects left out
        self._namespace = namespace
        self._functions = functions
        self._guard = Guard(seconds)
        self._objects: list = []

    def get(self, number: int | None, name: str):
        """See `Engine.get`."""
        if number is None:
            if name not in self._namespace:
                raise LearnerError(f"{name} is not defined. Write it, run its cell, then check again.")
            return self._guard.run(lambda: self._out(self._global(name)))
        thing = self._objects[number]

        def read():
            if not hasattr(thing, name):
                owner = thing.__name__ if isinstance(thing, type) else type(thing).__name__
                raise LearnerError(
                    f"Your {owner} has no attribute `{name}`. Define it, run its cell, then check again."
                )
            return self._out(getattr(thing, name))

        return self._guard.run(read)

    def call(self, number: int, args: tuple, kwargs: dict):
        """See `Engine.call`."""
        function = self._objects[number]
        return self._watched(function, args, kwargs, lambda copies, named: self._out(function(*copies, **named)))

    def grad(self, number: int, args: tuple, wrt: tuple, upstream):
        """See `Engine.grad`."""
        function = self._objects[number]

        def differentiate(copies, named):
            inputs = [copies[item].requires_grad_() if isinstance(item, int) else _at(function, item) for item in wrt]
            result = function(*copies)
            results = result if isinstance(result, list | tuple) else [result]
            if not any(isinstance(tensor, torch.Tensor) for tensor in results):
                raise LearnerError(f"{_name(function)} should give a torch tensor, but it gave {describe(result)}.")
            weights = upstream if isinstance(upstream, list | tuple) else [upstream] * len(results)
            if len(results) != len(weights):
                raise LearnerError(f"{_name(function)} should return {len(weights)} values, but gives {len(results)}.")
            if not any(isinstance(tensor, torch.Tensor) and tensor.requires_grad for tensor in results):
                raise LearnerError(
                    f"No gradient flows through {_name(function)}. Keep to torch operations from the arguments to the "
                    "result: detach(), item(), numpy(), torch.tensor(...) and no_grad() cut the graph."
                )
            losses = [
                (tensor if upstream is None else tensor * weight).sum()
                for tensor, weight in zip(results, weights, strict=True)
                if isinstance(tensor, torch.Tensor)
                and tensor.requires_grad
                and (upstream is None or weight is not None)
            ]
            if not losses:
                return [torch.zeros_like(tensor) for tensor in inputs]
            return torch.autograd.grad(sum(losses), inputs, materialize_grads=True)

        def work(copies, named):
            with torch.enable_grad():
                return self._out(tuple(differentiate(copies, named)))

        return self._watched(function, args, {}, work)

    def _watched(self, function: Callable, args: tuple, kwargs: dict, work: Callable):
        """Runs `work` on copies of the arguments, and notes which of the copies it changed."""
        self.changed = ()
        if not callable(function):
            raise LearnerError(f"Your code gave {describe(function)} where a function is needed.")
        copies = [rebuild(value, self._object) for value in args]
        named = {name: rebuild(value, self._object) for name, value in kwargs.items()}
        try:
            value = self._guard.run(lambda: work(copies, named))
        except NotWritten:
            raise
        except LearnerError as error:
            arguments = [*map(sketch, args), *(f"{name}={sketch(value)}" for name, value in kwargs.items())]
            error.args = (f"{error}\n    The call was {_name(function)}({', '.join(arguments)}).",)
            raise
        self.after = [*map(_readable, copies), *map(_readable, named.values())]
        self.changed = changed(args, kwargs, self.after)
        return value

    def _global(self, name: str):
        """The learner's object of this name, which may have been overwritten by a result: `start = start()`."""
        thing = self._namespace[name]
        if name in self._functions and not callable(thing):
            kind, word = ("class", "class") if name[0].isupper() else ("function", "def")
            value = f" ({sketch(thing)})" if isinstance(thing, int | float | str) else ""
            raise LearnerError(
                f"{name} should be a {kind}, but it is {describe(thing)}{value}. "
                f"Write `{word} {name}`, and use this name for nothing else."
            )
        return thing

    def _out(self, value):
        """The value for the tests: plain, and a handle for what is not."""
        return rebuild(value, self._keep)

    def _keep(self, thing) -> Handle:
        self._objects.append(thing)
        text = thing.__name__ if is_routine(thing) else f"<{type(thing).__name__} object>"
        return Handle(self, len(self._objects) - 1, describe(thing), text)

    def _object(self, handle):
        """The object behind a handle that is passed back as an argument."""
        if isinstance(handle, Handle):
            return self._objects[handle._number]
        raise TypeError(f"Only plain values and handles can be passed to the learner's code, not {handle!r}.")


def _at(thing, name: str) -> torch.Tensor:
    try:
        return operator.attrgetter(name)(thing)
    except AttributeError:
        raise LearnerError(f"Your {type(thing).__name__} has no parameter `{name}`.") from None


def _readable(argument):
    """A plain copy of an argument after the call; some text when the call made it unreadable."""
    try:
        return plain(argument)
    except Exception:
        return "unreadable"


def _name(function: Callable) -> str:
    return getattr(function, "__name__", type(function).__name__)
