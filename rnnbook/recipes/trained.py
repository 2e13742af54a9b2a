"""Trained models: those that ship with the course, and those that `rnnbook train` has made on this machine."""

import json
from pathlib import Path

from rnnbook.models import LanguageModel, Predictor, Translator, predictor, translator
from rnnbook.nearest import suggest
from rnnbook.recipes import models_folder, shakespeare
from rnnbook.text import Vocabulary

SHIPPED = Path(__file__).parents[1] / "pretrained"
LOADERS = {
    predictor.FORMAT: Predictor.load,
    translator.FORMAT: Translator.load,
    shakespeare.FORMAT: shakespeare.load_model,
}


def find(model: str) -> Predictor | Translator | tuple[LanguageModel, Vocabulary]:
    """A trained model.

    Args:
        model: its folder; or its recipe's name, such as "imdb-bilstm", for the first of its seeds; or name and seed,
            such as "imdb-bilstm/2". "imdb-reader" is what ships with the course; one trained here is "imdb-reader/0".

    Returns:
        A `Predictor`, a `Translator`, or a language model with its characters.

    Raises:
        FileNotFoundError: there is none.
        ValueError: its files are damaged.
    """
    for folder in (Path(model), SHIPPED / model, models_folder() / model):
        if (folder / "model.json").is_file():
            return _load(folder)
        seeds = [path.parent for path in folder.glob("*/model.json") if path.parent.name.isdecimal()]
        if seeds:
            return _load(min(seeds, key=lambda path: int(path.name)))
    there = sorted({path.name for place in (models_folder(), SHIPPED) for path in place.glob("*/")})
    raise FileNotFoundError(f"{model!r} is no folder of a saved model, and no trained model. {suggest(model, there)}")


def _load(folder: Path) -> Predictor | Translator | tuple[LanguageModel, Vocabulary]:
    try:
        kind = json.loads((folder / "model.json").read_bytes())["format"]
        load = LOADERS[kind]
    except (ValueError, TypeError, KeyError, RecursionError):
        load = Predictor.load  # it says what is wrong with the file
    return load(folder)
