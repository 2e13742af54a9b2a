"""One clear error for an array or tensor of the wrong shape."""


def check_shape(name, array, *expected, remedy=""):
    """Refuse an array or tensor that does not have the expected shape.

    Args:
        name: what the caller knows the array as; it opens the message.
        array: anything with a `shape`, of NumPy or torch.
        expected: one entry for each axis: an integer is the size itself, a letter any size from 1 up.
        remedy: what to do about it, if there is more to say than the two shapes.

    Raises:
        ValueError: with the shape that came, the shape that was expected, and the remedy.

    Example:
        >>> check_shape("x", np.zeros((4, 3)), "B", "T", 3, remedy="for a single sequence write x[None]")
        ValueError: x has shape (4, 3), expected (B, T, 3): for a single sequence write x[None]
    """
    got = tuple(array.shape)
    fits = len(got) == len(expected) and all(
        size > 0 if isinstance(want, str) else size == want for size, want in zip(got, expected, strict=True)
    )
    if not fits:
        if 0 in got:
            remedy = "no axis may be empty"
        wanted = ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "")
        raise ValueError(f"{name} has shape {got}, expected ({wanted})" + (f": {remedy}" if remedy else ""))
