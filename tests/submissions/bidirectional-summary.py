"""Submissions that prove the tests of `bidirectional-summary`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch


def summary_from_output(output, lengths):
    H = output.shape[2] // 2
    return torch.cat([output[torch.arange(len(output)), lengths - 1, :H], output[:, 0, H:]], dim=-1)


# %% alternative: view as layers and directions; chunk
def summary_from_state(state_n):
    if isinstance(state_n, (tuple, list)):
        state_n, _ = state_n
    entries, B, H = state_n.shape
    top = state_n.view(entries // 2, 2, B, H)[-1]  # (2, B, H)
    return torch.cat((top[0], top[1]), 1)


def summary_from_output(output, lengths):
    forward, backward = output.chunk(2, dim=-1)
    last = (lengths - 1)[:, None, None].expand(-1, 1, forward.shape[-1])
    return torch.cat([forward.gather(1, last).squeeze(1), backward.select(1, 0)], dim=1)


# %% alternative: transpose, then reshape
def summary_from_state(state_n):
    h_n = state_n if torch.is_tensor(state_n) else state_n[0]
    return h_n[-2:].transpose(0, 1).reshape(h_n.shape[1], -1)


def summary_from_output(output, lengths):
    B, T, F = output.shape
    both = output.view(B, T, 2, F // 2)
    return torch.stack([torch.cat([both[b, n - 1, 0], both[b, 0, 1]]) for b, n in enumerate(lengths)])


# %% alternative: one-hot masks
def summary_from_state(state_n):
    h_n = state_n[0] if type(state_n) is tuple else state_n
    return torch.hstack(list(h_n[-2:]))


def summary_from_output(output, lengths):
    steps = torch.arange(output.shape[1])
    H = output.shape[2] // 2
    last = (steps == lengths[:, None] - 1)[..., None]
    return torch.cat([(output[..., :H] * last).sum(1), (output[..., H:] * (steps == 0)[:, None]).sum(1)], dim=-1)


# %% mutant: view | says: mix the states of different sequences
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return h_n[-2:].reshape(h_n.shape[1], -1)


# %% mutant: view of all layers | says: mix
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return h_n.reshape(h_n.shape[1], -1)


# %% mutant: backward half alone | says: backward half alone
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return h_n[-1]


# %% mutant: batch taken for the first axis | says: states of the batch's last sequence
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return h_n[:, -1]


# %% mutant: bottom layer | says: This is the bottom layer
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[0], h_n[1]], dim=-1)


# %% mutant: halves swapped | says: Your halves are swapped
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-1], h_n[-2]], dim=-1)


# %% mutant: sum of the halves | says: You added the two directions
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return h_n[-2] + h_n[-1]


# %% mutant: joined along the batch | says: joined the directions along the batch
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]])


# %% mutant: interleaved | says: interleaved
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.stack([h_n[-2], h_n[-1]], dim=-1).flatten(1)


# %% mutant: all layers | says: the top layer alone sums up
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat(list(h_n), dim=-1)


# %% mutant: view(2, L, ...) | says: not (2, L, B, H)
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    top = h_n.view(2, -1, *h_n.shape[1:])[:, -1]
    return torch.cat([top[0], top[1]], dim=-1)


# %% mutant: first and last entry | says: the last of the last
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[0], h_n[-1]], dim=-1)


# %% mutant: stacked | says: You stacked the two directions
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.stack([h_n[-2], h_n[-1]], dim=1)


# %% mutant: detached | says: No gradient flows
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1).detach()


# %% mutant: memory for state | says: This is c_n
def summary_from_state(state_n):
    h_n = state_n[1] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


# %% mutant: no thought of the LSTM's pair | says: both backward
def summary_from_state(state_n):
    return (
        torch.cat([state_n[-2][-1], state_n[-1][-1]], dim=-1)
        if isinstance(state_n, tuple)
        else torch.cat([state_n[-2], state_n[-1]], dim=-1)
    )


# %% mutant: pair taken for a tensor | says: you joined these two
def summary_from_state(state_n):
    return torch.cat([state_n[-2], state_n[-1]], dim=-1)


# %% mutant: output's last step | says: You took both halves at the last step.
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    return output[:, -1]


# %% mutant: last valid step | says: at each row's last valid step
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    return output[torch.arange(len(output)), lengths - 1]


# %% mutant: first step | says: You took both halves at step 0
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    return output[:, 0]


# %% mutant: forward from the padding | says: which is padding in the shorter rows
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    H = output.shape[2] // 2
    return torch.cat([output[:, -1, :H], output[:, 0, H:]], dim=-1)


# %% mutant: wrong ends | says: Each half stands at the wrong end
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    H = output.shape[2] // 2
    return torch.cat([output[:, 0, :H], output[torch.arange(len(output)), lengths - 1, H:]], dim=-1)


# %% mutant: one step late | says: one step too late
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    H = output.shape[2] // 2
    last = lengths.clamp(max=output.shape[1] - 1)
    return torch.cat([output[torch.arange(len(output)), last, :H], output[:, 0, H:]], dim=-1)


# %% mutant: both steps whole | says: You joined both whole steps
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    return torch.cat([output[torch.arange(len(output)), lengths - 1], output[:, 0]], dim=-1)


# %% mutant: wrong features | says: You took the wrong features
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    H = output.shape[2] // 2
    return torch.cat([output[torch.arange(len(output)), lengths - 1, H:], output[:, 0, :H]], dim=-1)


# %% mutant: every row at every length | says: pair row b with lengths[b]
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    H = output.shape[2] // 2
    last = output[:, lengths - 1, :H]
    return torch.cat([last, output[:, :1, H:].expand_as(last)], dim=-1)


# %% mutant: mean over time | says: You averaged over the valid steps
def summary_from_state(state_n):
    h_n = state_n[0] if isinstance(state_n, tuple) else state_n
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def summary_from_output(output, lengths):
    valid = (torch.arange(output.shape[1]) < lengths[:, None])[..., None]
    return (output * valid).sum(dim=1) / lengths[:, None]
