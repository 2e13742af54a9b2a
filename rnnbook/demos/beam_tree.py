"""The beam tree: a beam search for a date, step by step, with all that it keeps, ends and drops.

It runs the model of `rnnbook.demos.date_converter`, from the same script.
"""

import torch

from rnnbook import plot
from rnnbook.decode import Candidate, Hypothesis, beam_search
from rnnbook.demos import Demo
from rnnbook.demos.date_converter import LIMIT, data, shipped
from rnnbook.figure import Figure
from rnnbook.models import Translator
from rnnbook.models.classifier import UNKNOWN
from rnnbook.models.translator import UNWRITTEN
from rnnbook.text import pad
from rnnbook.text.pairs import END, START

NEEDS = ("translator",)
ALPHA = 0.6
WIDTH = 3  # of the figure's beam, and of the page's at first
EXAMPLES = {  # in the first three beam search and greedy decoding differ, in the third with the length penalty alone
    "No year": "April 1",
    "Half a month": "2 de 1906",
    "No day": "Oktober 2021",
    "A date": "Sunday the 3rd of March, 2024",
    "Impossible": "31 February 2023",
    "Nothing": "",
}


def make() -> Demo:
    """Examples to search for, and the length penalty; the figure shows the tree of the first one."""
    translator = shipped()
    return Demo("beam_tree", data(translator, EXAMPLES) | {"alpha": ALPHA}, _figure(translator))


def search(
    translator: Translator, text: str, beam: int, alpha: float, limit: int = LIMIT
) -> tuple[Hypothesis, list[Candidate]]:
    """The best hypothesis for a text, and all candidates on the way to it."""
    ids = translator.source_vocabulary.encode(translator.tokenize(text)) or [UNKNOWN]
    nodes = []

    def step(tokens, state):
        logits, state = translator.model.step(tokens, state)
        return logits.index_fill(1, torch.tensor(UNWRITTEN), -torch.inf), state

    with torch.no_grad():
        state = translator.model.encode(*pad([ids]))
    options = {"beam": beam, "alpha": alpha, "end": END, "max_length": limit, "select": translator.model.reorder}
    ((best,),) = beam_search(step, torch.tensor([START]), state, trace=nodes.append, **options)
    return best, nodes


def _figure(translator: Translator) -> Figure:
    """The tree of the first example: a column for each step, the most probable candidate on top."""
    text = next(iter(EXAMPLES.values()))
    best, nodes = search(translator, text, WIDTH, ALPHA)
    symbols = [*translator.target_vocabulary.tokens[:END], "end", *translator.target_vocabulary.tokens[END + 1 :]]
    first = {node.length: node.number for node in reversed(nodes)}  # number of the most probable one of each step
    places = {None: (0, 0)} | {node.number: (node.length, first[node.length] - node.number) for node in nodes}
    fig, ax = plot.subplots(height=400)
    for node in nodes:
        (x, y), (end_x, end_y) = places[node.parent], places[node.number]
        kept = node.fate != "dropped"
        look = {"color": plot.COLOURS["blue"], "linewidth": 1.5} if kept else {"color": plot.INK, "linewidth": 0.5}
        ax.plot([x + 0.22, end_x - 0.22], [y, end_y], linestyle="-" if kept else ":", **look)
        label = f"{symbols[node.token]}\n{node.total:.2f}"
        ax.text(end_x, end_y, label, ha="center", va="center", fontsize=8, weight="bold" if kept else "normal")
    ax.text(0, 0, "start", ha="center", va="center", fontsize=8)
    ax.axis("off")
    kept, dropped = (sum(node.fate == fate for node in nodes) for fate in ("kept", "dropped"))
    spell = translator.target_vocabulary.decode
    ended = [spell(_tokens(nodes, node)[:-1]) or "the empty text" for node in nodes if node.fate == "ended"]
    return plot.figure(
        fig,
        alt=f"The tree of a beam search of width {WIDTH} for “{text}”: a column for each of {nodes[-1].length} steps, "
        "the most probable candidates on top, each with its symbol and the log probability of all symbols up to it. "
        f"Lines join {kept} candidates that were kept, dotted ones lead to {dropped} that were dropped. Ended: "
        f"{', '.join(ended) or 'none'}. The best is {spell(best.tokens)}, with log probability "
        f"{best.log_probability:.2f}.",
    )


def _tokens(nodes: list[Candidate], node: Candidate) -> list[int]:
    """The symbols from the first to this one."""
    return [*(_tokens(nodes, nodes[node.parent]) if node.parent is not None else []), node.token]
