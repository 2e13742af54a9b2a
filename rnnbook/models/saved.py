"""A trained model as two files that any other program can read: weights in model.safetensors, the rest in model.json.

Each file is written whole or not at all, and the second holds the first one's checksum: should the power fail between
the two, `load` says so, and never takes the weights of one model with the words of another. Nothing in the files is
ever run.
"""

import hashlib
import json
import os
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor, nn

from rnnbook.files import put

Weights = dict[str, Tensor]


def save(folder: str | os.PathLike, format: str, model: nn.Module, description: dict[str, Any]) -> None:
    """Write a model and all that it takes to use it.

    Args:
        folder: where to; it is made if there is none.
        format: says which program the files are for, and their version.
        model: one with `settings`, the arguments that make another model of its architecture.
        description: what else there is to know, as JSON can hold it.
    """
    weights = {name: tensor.cpu().clone().contiguous() for name, tensor in model.state_dict().items()}
    content = safetensors.save(weights)
    head = {"format": format, "weights_sha256": hashlib.sha256(content).hexdigest(), "settings": model.settings}
    text = json.dumps(head | description, indent=1)
    put(Path(folder) / "model.safetensors", content)
    put(Path(folder) / "model.json", text + "\n")


def load(folder: str | os.PathLike, format: str, keys: set[str], make: Callable[[dict, Weights], Any]) -> Any:
    """Read what `save` has written.

    Args:
        folder: where it lies.
        format: what `save` was given.
        keys: those of the description that `save` was given.
        make: called with the description, "settings" included, and the weights. It refuses what does not fit.

    Returns:
        What `make` returns.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is damaged, or the two do not belong together.
    """
    paths = [Path(folder) / name for name in ("model.json", "model.safetensors")]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: a saved model is model.json and model.safetensors")
    text, content = (path.read_bytes() for path in paths)
    try:
        description = json.loads(text)
        if not isinstance(description, dict) or description.get("format") != format:
            raise ValueError(f'model.json does not say "format": "{format}"')
        keys = keys | {"format", "weights_sha256", "settings"}
        if set(description) != keys:
            raise ValueError(f"model.json must hold {', '.join(sorted(keys))}")
        if hashlib.sha256(content).hexdigest() != description["weights_sha256"]:
            raise ValueError("model.safetensors is not the file that model.json describes")
        return make(description, safetensors.load(content))
    # A value of the wrong type or size meets one of these on its way, JSON nested too deeply a RecursionError.
    except (ValueError, TypeError, AttributeError, OverflowError, RuntimeError, SafetensorError) as error:
        why = str(error).partition("\n")[0]  # torch may add a stack trace
        raise ValueError(f"{folder} is damaged, or no saved model: {why}; save the model again") from error


def model_of(kind: type[nn.Module], settings: dict[str, Any], weights: Weights) -> nn.Module:
    """The model with these settings and these weights, in evaluation mode.

    It is first made without memory, on torch's "meta" device, and the weights are put in where every name and shape
    fits: whatever sizes the settings claim, nothing is allocated for them.

    Args:
        kind: its class.
        settings: as its attribute of this name has them.
        weights: its state_dict.

    Raises:
        ValueError: the settings are not those of such a model, or the weights those of another one.
    """
    names = set(signature(kind).parameters) - {"embedding"}  # the vectors are among the weights
    if not isinstance(settings, dict) or set(settings) != names:
        raise ValueError(f"settings must be {', '.join(sorted(names))}")
    if settings["num_layers"] > len(weights):  # before a billion layers are made
        raise ValueError(f"{settings['num_layers']} layers, but {len(weights)} tensors")
    with torch.device("meta"):
        model = kind(**settings)
    shapes, found = ({k: tuple(v.shape) for k, v in w.items()} for w in (model.state_dict(), weights))
    if shapes != found:
        name = next(name for name in {**shapes, **found} if shapes.get(name) != found.get(name))
        raise ValueError(f"{name} is {found.get(name, 'missing')}, and the settings make it {shapes.get(name, 'none')}")
    if not all(tensor.is_floating_point() for tensor in weights.values()):
        raise ValueError(f"weights must be floats, got {', '.join({str(w.dtype) for w in weights.values()})}")
    model.load_state_dict(weights, assign=True)
    return model.eval()
