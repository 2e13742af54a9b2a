"""Submissions that prove the tests of `gradient-check`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import numpy as np


def length(x):
    return np.sqrt((x**2).sum())


def three_steps(W_hh):
    h = np.arange(1, len(W_hh) + 1) / len(W_hh)
    for _ in range(3):
        h = np.tanh(W_hh @ h)
    return h.sum()


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / larger) if larger else 0.0


# %% alternative: flat, restored in place
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.asarray(x).astype(float)
    flat = x.reshape(-1)
    gradient = np.empty(flat.size)
    for k in range(flat.size):
        old = flat[k]
        values = []
        for sign in (+1, -1):
            flat[k] = old + sign * epsilon
            values.append(function(x))
        flat[k] = old
        gradient[k] = (values[0] - values[1]) / epsilon / 2
    return gradient.reshape(x.shape)


def relative_error(a, b):
    assert_shapes(a, b)
    norms = [float(np.sqrt(np.sum(np.square(array)))) for array in (a, b)]
    return 0.0 if max(norms) == 0 else float(np.sqrt(np.sum(np.square(a - b)))) / max(norms)


def assert_shapes(a, b):
    if np.shape(a) != np.shape(b):
        raise ValueError(f"{np.shape(a)} is not {np.shape(b)}")


# %% alternative: unit vectors
def numerical_gradient(function, x, epsilon=1e-6):
    x = x.astype(np.float64)
    steps = epsilon * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(function(x + s) - function(x - s)) / (2 * epsilon) for s in steps]).reshape(x.shape)


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("different shapes")
    a, b = a.ravel(), b.ravel()
    gap = np.linalg.norm(a - b)
    return float(gap / max(np.linalg.norm(a), np.linalg.norm(b))) if gap > 0 else 0.0


# %% alternative: multi-index iterator
import math


def numerical_gradient(function, x, epsilon=1e-6):
    work = np.array(x, dtype="float64", copy=True)
    result = np.zeros(work.shape)
    it = np.nditer(work, flags=["multi_index"])
    while not it.finished:
        index = it.multi_index
        saved = float(work[index])
        work[index] = saved - epsilon
        low = float(function(work))
        work[index] = saved + epsilon
        result[index] = (float(function(work)) - low) / (epsilon + epsilon)
        work[index] = saved
        it.iternext()
    return result


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("different shapes")

    def norm(v):
        return math.sqrt(sum(e * e for e in v.ravel().tolist()))

    try:
        return norm(a - b) / max(norm(a), norm(b))
    except ZeroDivisionError:
        return 0.0


# %% mutant: forward differences | says: These are forward differences
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(x)) / epsilon
    return gradient


# %% mutant: backward differences | says: These are backward differences
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(x) - function(down)) / epsilon
    return gradient


# %% mutant: divided by epsilon | says: the two points are 2ε apart
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / epsilon
    return gradient


# %% mutant: brackets forgotten | says: mind the brackets
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / 2 * epsilon
    return gradient


# %% mutant: sign | says: The sign is wrong
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(down) - function(up)) / (2 * epsilon)
    return gradient


# %% mutant: all entries at once | says: You moved all entries at once
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up += epsilon
        down -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


# %% mutant: one quotient for all | says: the gradient has the shape of x
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    return np.array((function(x + epsilon) - function(x - epsilon)) / (2 * epsilon))


# %% mutant: entry not put back | says: put it back, or begin with a new copy
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += epsilon
        up = function(x)
        x[i] -= 2 * epsilon
        gradient[i] = (up - function(x)) / (2 * epsilon)
    return gradient


# %% mutant: forward, entry not put back | says: And these are forward differences
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    here = function(x)
    for i in np.ndindex(x.shape):
        x[i] += epsilon
        gradient[i] = (function(x) - here) / epsilon
    return gradient


# %% mutant: stepped back once | says: Did you step back by 2ε
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += epsilon
        up = function(x)
        x[i] -= epsilon
        gradient[i] = (up - function(x)) / (2 * epsilon)
    return gradient


# %% mutant: two names for one array | says: does the function see the array that you change
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up = down = x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


# %% mutant: flat array for the function | says: The function got an array of another shape than x
def numerical_gradient(function, x, epsilon=1e-6):
    shape, x = x.shape, np.array(x, dtype=np.float64).ravel()
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient.reshape(shape)


# %% mutant: entry put back wrongly | says: The first entry is right
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += epsilon
        up = function(x)
        x[i] -= 2 * epsilon
        gradient[i] = (up - function(x)) / (2 * epsilon)
        x[i] += 2 * epsilon
    return gradient


# %% mutant: complex step | says: the gradient for another epsilon, or by another method
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y = x.astype(complex)
        y[i] += 1e-30j
        gradient[i] = function(y).imag / 1e-30
    return gradient


# %% mutant: epsilon ignored | says: the gradient for another epsilon
def numerical_gradient(function, x, epsilon=1e-6):
    epsilon = 1e-6
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


# %% mutant: another default epsilon | says: You have another default
def numerical_gradient(function, x, epsilon=1e-2):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


# %% mutant: whole numbers stay whole | says: The entries stayed whole numbers
def numerical_gradient(function, x, epsilon=1e-6):
    x = x.copy()
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


# %% mutant: gradient of whole numbers | says: np.zeros_like(x) takes over the dtype of x
def numerical_gradient(function, x, epsilon=1e-6):
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.astype(float), x.astype(float)
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


# %% mutant: gradient in float32 | says: You stored the gradient in float32
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape, dtype=np.float32)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


# %% mutant: flat gradient | says: The gradient has been flattened
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient.ravel()


# %% mutant: vectors only | says: You moved a whole row at once
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


# %% mutant: x not restored to the last digit | says: changed its argument x in place
def numerical_gradient(function, x, epsilon=1e-6):
    x = x if x.dtype == np.float64 else x.astype(np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += epsilon
        up = function(x)
        x[i] -= 2 * epsilon
        gradient[i] = (up - function(x)) / (2 * epsilon)
        x[i] += epsilon
    return gradient


# %% mutant: None returned | says: without `return`
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)


# %% mutant: absolute error | says: This is the absolute error
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b)) if larger else 0.0


# %% mutant: divided by the first norm | says: You divided by the norm of a
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = np.linalg.norm(a)
    return float(np.linalg.norm(a - b) / larger) if larger else 0.0


# %% mutant: divided by the sum of the norms | says: You divided by the sum of the norms
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / larger) if larger else 0.0


# %% mutant: entry by entry | says: You took entry by entry
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float((abs(a - b) / (abs(a) + abs(b))).max()) if larger else 0.0


# %% mutant: squares | says: You squared the error
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(((a - b) ** 2).sum() / max((a**2).sum(), (b**2).sum())) if larger else 0.0


# %% mutant: difference of the norms | says: You compared the norms
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(abs(np.linalg.norm(a) - np.linalg.norm(b)) / larger) if larger else 0.0


# %% mutant: 0 / 0 | says: This is 0 / 0
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / larger)


# %% mutant: small number added | says: hides the errors of tiny gradients
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / (larger + 1e-8))


# %% mutant: an array of errors | says: should be a number, but it is a NumPy array
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    if a.shape != b.shape:
        raise ValueError("the shapes differ")
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return abs(a - b) / (abs(a) + abs(b))


# %% mutant: shapes not compared | says: should raise ValueError
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / larger) if larger else 0.0


# %% mutant: shapes compared by assert | says: but it raised AssertionError
def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient


def relative_error(a, b):
    assert a.shape == b.shape
    larger = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / larger) if larger else 0.0


# %% mutant: given function changed | says: which was given
def length(x):
    return (x**2).sum()


def numerical_gradient(function, x, epsilon=1e-6):
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += epsilon
        down[i] -= epsilon
        gradient[i] = (function(up) - function(down)) / (2 * epsilon)
    return gradient
