"""Submissions that prove the tests of `pack-by-hand`: right answers of another form, and the mistakes that people make."""

# %% given: what most answers leave as it is
import torch


def unpack(data, batch_sizes, sorted_indices, total_length):
    x = data.new_zeros(len(sorted_indices), total_length, data.shape[1])
    lengths = torch.zeros(len(sorted_indices), dtype=torch.int64)
    for t, now in enumerate(data.split(batch_sizes.tolist())):
        x[sorted_indices[: len(now)], t] = now
        lengths[sorted_indices[: len(now)]] += 1
    return x, lengths


# %% alternative: boolean masks, time first
def pack(x, lengths):
    lengths, sorted_indices = lengths.sort(descending=True)
    valid = torch.arange(int(lengths[0]))[:, None] < lengths  # (longest, B)
    by_time = x[sorted_indices].transpose(0, 1)[: len(valid)]
    return by_time[valid], valid.sum(dim=1), sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    B = len(sorted_indices)
    lengths = (batch_sizes > torch.arange(B)[:, None]).sum(dim=1)  # sorted
    valid = torch.arange(total_length)[:, None] < lengths  # (T, B)
    by_time = torch.zeros(total_length, B, data.shape[1], dtype=data.dtype).masked_scatter(valid[..., None], data)
    back = sorted_indices.argsort()
    return by_time.transpose(0, 1)[back], lengths[back]


# %% alternative: lists, ties the other way round
def pack(x, lengths):
    order = sorted(range(len(lengths)), key=lambda b: (-int(lengths[b]), -b))
    data, sizes = [], []
    for t in range(max(lengths.tolist())):
        rows = [b for b in order if lengths[b] > t]
        data += [x[b, t] for b in rows]
        sizes.append(len(rows))
    return torch.stack(data), torch.tensor(sizes), torch.tensor(order)


def unpack(data, batch_sizes, sorted_indices, total_length):
    rows = [[] for _ in sorted_indices]
    steps = iter(data)
    for size in batch_sizes.tolist():
        for b in sorted_indices[:size].tolist():
            rows[b].append(next(steps))
    padding = torch.zeros_like(data[0])
    x = torch.stack([torch.stack(row + [padding] * (total_length - len(row))) for row in rows])
    return x, torch.tensor([len(row) for row in rows])


# %% alternative: one flat index
def pack(x, lengths):
    sorted_indices = torch.argsort(-lengths)
    steps, places = torch.nonzero(torch.arange(x.shape[1])[:, None] < lengths[sorted_indices], as_tuple=True)
    return x[sorted_indices[places], steps], torch.bincount(steps), sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    steps = torch.repeat_interleave(torch.arange(len(batch_sizes)), batch_sizes)
    rows = torch.cat([sorted_indices[:n] for n in batch_sizes.tolist()])
    x = data.new_zeros(len(sorted_indices), total_length, data.shape[1]).index_put((rows, steps), data)
    return x, torch.bincount(rows)


# %% mutant: shortest first | says: from the shortest to the longest
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=False)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


# %% mutant: unsorted_indices | says: This is the inverse
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices.argsort()


# %% mutant: does not sort | says: You left the rows in their order
def pack(x, lengths):
    valid = torch.arange(int(lengths.max()))[:, None] < lengths
    return x.transpose(0, 1)[: len(valid)][valid], valid.sum(dim=1), torch.arange(len(x))


# %% mutant: data row after row | says: Your data goes row after row
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    return torch.cat([x[b, : lengths[b]] for b in sorted_indices]), batch_sizes, sorted_indices


# %% mutant: data row after row, unsorted | says: Your data goes row after row
def pack(x, lengths):
    valid = torch.arange(x.shape[1]) < lengths[:, None]
    sizes = valid.sum(dim=0)
    return x[valid], sizes[sizes > 0], lengths.argsort(descending=True)


# %% mutant: rows of a step unsorted | says: Within a step your rows stand in their old order
def pack(x, lengths):
    valid = torch.arange(int(lengths.max()))[:, None] < lengths
    return x.transpose(0, 1)[: len(valid)][valid], valid.sum(dim=1), lengths.argsort(descending=True)


# %% mutant: first rows of the unsorted x | says: You took each step's rows from x as it is
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[:n, t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


# %% mutant: padding in data | says: The padding of the shorter rows is in your data
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices, t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


# %% mutant: lengths for batch_sizes | says: These are the sorted lengths
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, lengths[sorted_indices], sorted_indices


# %% mutant: batch_sizes to the end of the padding | says: batch_sizes ends with the last step
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(x.shape[1])).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


# %% mutant: batch_sizes one step late | says: one step too late
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] >= torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


# %% mutant: batch_sizes a list | says: Make it one tensor
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes.tolist(), sorted_indices


# %% mutant: forgets to unsort | says: Your rows are still sorted
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    x = data.new_zeros(len(sorted_indices), total_length, data.shape[1])
    for t, now in enumerate(data.split(batch_sizes.tolist())):
        x[: len(now), t] = now
    lengths = (batch_sizes > torch.arange(len(x))[:, None]).sum(dim=1)
    return x, lengths


# %% mutant: sorts once more | says: You sorted the rows once more
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    x = data.new_zeros(len(sorted_indices), total_length, data.shape[1])
    for t, now in enumerate(data.split(batch_sizes.tolist())):
        x[: len(now), t] = now
    lengths = (batch_sizes > torch.arange(len(x))[:, None]).sum(dim=1)
    return x[sorted_indices], lengths[sorted_indices]


# %% mutant: unsorts x alone | says: The lengths are still sorted
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    x = data.new_zeros(len(sorted_indices), total_length, data.shape[1])
    for t, now in enumerate(data.split(batch_sizes.tolist())):
        x[sorted_indices[: len(now)], t] = now
    lengths = (batch_sizes > torch.arange(len(x))[:, None]).sum(dim=1)
    return x, lengths


# %% mutant: fills row after row | says: You filled the rows one after the other
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    lengths = (batch_sizes > torch.arange(len(sorted_indices))[:, None]).sum(dim=1)
    x = data.new_zeros(len(sorted_indices), total_length, data.shape[1])
    for i, now in enumerate(data.split(lengths.tolist())):
        x[sorted_indices[i], : len(now)] = now
    return x, lengths[sorted_indices.argsort()]


# %% mutant: no total_length | says: pad it to total_length steps
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    x = data.new_zeros(len(sorted_indices), len(batch_sizes), data.shape[1])
    lengths = torch.zeros(len(sorted_indices), dtype=torch.int64)
    for t, now in enumerate(data.split(batch_sizes.tolist())):
        x[sorted_indices[: len(now)], t] = now
        lengths[sorted_indices[: len(now)]] += 1
    return x, lengths


# %% mutant: time first | says: Time stands first
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    x = data.new_zeros(len(sorted_indices), total_length, data.shape[1])
    lengths = torch.zeros(len(sorted_indices), dtype=torch.int64)
    for t, now in enumerate(data.split(batch_sizes.tolist())):
        x[sorted_indices[: len(now)], t] = now
        lengths[sorted_indices[: len(now)]] += 1
    return x.transpose(0, 1), lengths


# %% mutant: returned in another order | says: return data, batch_sizes, sorted_indices in this order
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, sorted_indices, batch_sizes


# %% mutant: data cut into rows | says: cut that into rows
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    B = len(sorted_indices)
    x = data.new_zeros(B * total_length, data.shape[1])
    x[: len(data)] = data
    back = sorted_indices.argsort()
    return x.view(B, total_length, -1)[back], (batch_sizes > torch.arange(B)[:, None]).sum(dim=1)[back]


# %% mutant: float32 zeros | says: make them by data.new_zeros
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    x = torch.zeros(len(sorted_indices), total_length, data.shape[1])
    lengths = torch.zeros(len(sorted_indices), dtype=torch.int64)
    for t, now in enumerate(data.split(batch_sizes.tolist())):
        x[sorted_indices[: len(now)], t] = now
        lengths[sorted_indices[: len(now)]] += 1
    return x, lengths


# %% mutant: pack gives data alone | says: should be a tuple
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data


# %% mutant: unpack is cut off | says: No gradient flows
def pack(x, lengths):
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    return data, batch_sizes, sorted_indices


def unpack(data, batch_sizes, sorted_indices, total_length):
    x = data.new_zeros(len(sorted_indices), total_length, data.shape[1])
    lengths = torch.zeros(len(sorted_indices), dtype=torch.int64)
    for t, now in enumerate(data.split(batch_sizes.tolist())):
        x[sorted_indices[: len(now)], t] = now.detach()
        lengths[sorted_indices[: len(now)]] += 1
    return x, lengths


# %% mutant: sorts in place | says: changed its argument lengths in place
def pack(x, lengths):
    given = lengths.clone()
    sorted_indices = lengths.argsort(descending=True)
    batch_sizes = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(dim=0)
    data = torch.cat([x[sorted_indices[:n], t] for t, n in enumerate(batch_sizes.tolist())])
    lengths[:] = given[sorted_indices]
    return data, batch_sizes, sorted_indices
