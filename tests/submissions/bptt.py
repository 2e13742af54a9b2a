"""Submissions that prove the tests of `bptt`: right answers of another form, and the mistakes that people make."""

# %% alternative: gradients of a first, then einsum
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    T = x.shape[1]
    d_a = np.empty_like(d_output)
    d_h = d_h_n
    for t in range(T - 1, -1, -1):
        d_a[:, t] = (d_h + d_output[:, t]) * (1 + h[:, t + 1]) * (1 - h[:, t + 1])
        d_h = np.einsum("bk,kj->bj", d_a[:, t], W_hh)
    return {
        "x": d_a @ W_ih,
        "h_0": d_h,
        "W_ih": np.einsum("bth,btd->hd", d_a, x),
        "W_hh": np.einsum("bth,btk->hk", d_a, h[:, :-1]),
        "b_ih": np.einsum("bth->h", d_a),
        "b_hh": d_a.sum((0, 1)),
    }


# %% alternative: row by row, with columns
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    H = len(W_hh)
    grads = {"x": np.zeros((B, T, D)), "h_0": np.zeros((B, H)), "W_ih": np.zeros((H, D)), "W_hh": np.zeros((H, H))}
    grads |= {"b_ih": np.zeros(H), "b_hh": np.zeros(H)}
    for b in range(B):
        back = d_h_n[b]
        for t in range(T, 0, -1):
            delta = (back + d_output[b, t - 1]) * (1 - np.square(h[b, t]))
            grads["W_ih"] += np.outer(delta, x[b, t - 1])
            grads["W_hh"] += np.outer(delta, h[b, t - 1])
            grads["b_ih"] += delta
            grads["b_hh"] += delta
            grads["x"][b, t - 1] = W_ih.T @ delta
            back = W_hh.T @ delta
        grads["h_0"][b] = back
    return grads


# %% alternative: by recursion
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    if x.shape[1] == 0:
        zeros = np.zeros(len(W_hh))
        return {"x": x * 0, "h_0": d_h_n, "W_ih": W_ih * 0, "W_hh": W_hh * 0, "b_ih": zeros, "b_hh": zeros}
    # 1 / cosh(a)^2 is the derivative too
    d_a = (d_h_n + d_output[:, -1]) / np.cosh(np.arctanh(h[:, -1])) ** 2
    rest = bptt(x[:, :-1], h[:, :-1], W_ih, W_hh, d_output[:, :-1], d_a @ W_hh)
    return {
        "x": np.concatenate([rest["x"], (d_a @ W_ih)[:, None]], axis=1),
        "h_0": rest["h_0"],
        "W_ih": rest["W_ih"] + d_a.T @ x[:, -1],
        "W_hh": rest["W_hh"] + d_a.T @ h[:, -2],
        "b_ih": rest["b_ih"] + d_a.sum(0),
        "b_hh": rest["b_hh"] + d_a.sum(0),
    }


# %% mutant: tanh of a state that is the tanh already | says: You took tanh'(h) = 1 - tanh(h)^2
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - np.tanh(h[:, t + 1]) ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: derivative at the state before | says: the derivative at the state before the step
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: no derivative of tanh | says: left out the derivative of tanh
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: derivative of a sigmoid | says: the derivative of a sigmoid
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * h[:, t + 1] * (1 - h[:, t + 1])
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: W_hh transposed on the way back | says: W_hh is transposed in the step back
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh.T
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: nothing goes back | says: Nothing goes back from step to step
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = 0 * d_h_n
    for t in reversed(range(T)):
        d_h = d_output[:, t] + (d_h_n if t == T - 1 else 0)
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: what comes from the right is lost | says: What comes from the right is lost
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: W_ih transposed on the way back | says: W_ih is transposed here
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih.T
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: last state forgotten | says: left out d_h_n
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = np.zeros_like(d_h_n)
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: outputs forgotten | says: You left out d_output
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: output of the last step only | says: d_output at the last step only
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n + d_output[:, -1]
    for t in reversed(range(T)):
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: forward in time | says: You went forward in time
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in range(T):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: state after the step in the gradient of W_hh | says: takes the state before the step
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t + 1]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: = in place of += | says: Do you write = in place of +=
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih = d_a.T @ x[:, t]
        d_W_hh = d_a.T @ h[:, t]
        d_b = d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: divided by the batch size | says: You divided by the batch size
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t] / B
        d_W_hh += d_a.T @ h[:, t] / B
        d_b += d_a.mean(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: mean over the batch in the biases | says: You divided by the batch size
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.mean(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: derivative at the last state everywhere | says: the derivative at the last state everywhere
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, -1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: step back without the derivative | says: The step back goes through the tanh too
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_h @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: last state's gradient at every step | says: You added d_h_n at every step
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = 0 * d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t] + d_h_n
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: loop one step short | says: The loop ends one step too early
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in range(T - 1, 0, -1):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: biases for each row | says: over the batch too
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b = d_b + d_a
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: products the wrong way round | says: Two arrays do not fit together
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a @ x[:, t].T
        d_W_hh += d_a @ h[:, t].T
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: first state one step short | says: d_h_0 is the gradient of the state before the first step
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h_0, d_h = d_h, d_a @ W_hh
    return {"x": d_x, "h_0": d_h_0, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: clipped by value | says: You clipped the gradients
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {
        "x": d_x,
        "h_0": d_h,
        "W_ih": np.clip(d_W_ih, -1, 1),
        "W_hh": np.clip(d_W_hh, -1, 1),
        "b_ih": d_b,
        "b_hh": d_b,
    }


# %% mutant: transposed weights' gradients | says: It is transposed
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih.T), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += x[:, t].T @ d_a
        d_W_hh += h[:, t].T @ d_a
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}


# %% mutant: one bias without a gradient | says: This gradient is left out
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": np.zeros_like(d_b)}


# %% mutant: one bias missing | says: should return a dict with the keys
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b}


# %% mutant: gradients as a tuple | says: should return a dict
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h = d_h + d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return d_x, d_h, d_W_ih, d_W_hh, d_b, d_b


# %% mutant: changes d_h_n in place | says: changed its argument d_h_n in place
import numpy as np


def bptt(x, h, W_ih, W_hh, d_output, d_h_n):
    B, T, D = x.shape
    d_x = np.zeros_like(x)
    d_W_ih, d_W_hh, d_b = np.zeros_like(W_ih), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    d_h = d_h_n
    for t in reversed(range(T)):
        d_h += d_output[:, t]
        d_a = d_h * (1 - h[:, t + 1] ** 2)
        d_W_ih += d_a.T @ x[:, t]
        d_W_hh += d_a.T @ h[:, t]
        d_b += d_a.sum(axis=0)
        d_x[:, t] = d_a @ W_ih
        d_h = d_a @ W_hh
    return {"x": d_x, "h_0": d_h, "W_ih": d_W_ih, "W_hh": d_W_hh, "b_ih": d_b, "b_hh": d_b}
