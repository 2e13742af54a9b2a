"""A table of what a cell has computed."""

from collections.abc import Iterable, Sequence

from IPython.display import Markdown


def markdown_table(header: Sequence, rows: Iterable[Sequence]) -> Markdown:
    """A Markdown table, which a notebook displays.

    Args:
        header: a title for each column.
        rows: as many entries each, printed as `str` has them; Markdown and $mathematics$ in them count.
    """
    lines = [header, ["---"] * len(header), *rows]
    return Markdown("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))
