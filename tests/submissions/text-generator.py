"""Submissions that prove the tests of `text-generator`: right answers of another form, and the mistakes that people make."""

# %% given: the model, and the parts of most answers
import torch
import torch.nn.functional as F
from torch import nn


class CharLSTM(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_size)
        self.lstm = nn.LSTM(embedding_size, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, ids, state=None):
        output, state = self.lstm(self.embedding(ids), state)
        return self.linear(self.dropout(output)), state


def encode(alphabet, text):
    for character in text:
        if character not in alphabet:
            raise ValueError(f"the alphabet lacks {character!r}")
    return torch.tensor([alphabet.index(character) for character in text])


def train(model, ids, epochs=12, B=16, T=32, shift=1):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    L = (len(ids) - 1) // B
    x, y = ids[: B * L].view(B, L), ids[shift : B * L + shift].view(B, L)
    for _ in range(epochs):
        state = None
        for inputs, targets in zip(x.split(T, 1), y.split(T, 1)):
            logits, state = model(inputs, state)
            state = tuple(part.detach() for part in state)
            optimizer.zero_grad()
            F.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()


def nats_of(model, ids):
    model.eval()
    with torch.no_grad():
        logits, _ = model(ids[None, :-1])
    return F.cross_entropy(logits[0], ids[1:]).item()


def train_generator(text, seed):
    torch.manual_seed(seed)
    alphabet = "".join(sorted(set(text)))
    ids = encode(alphabet, text)
    cut = len(ids) * 9 // 10
    model = CharLSTM(len(alphabet), 16, 64)
    train(model, ids[:cut])
    return model, alphabet, nats_of(model, ids[cut:])


def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    generator = torch.Generator().manual_seed(seed)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits, state = model(ids[None])
        new = []
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                new.append(z.argmax().item())
            else:
                new.append(torch.multinomial((z / temperature).softmax(0), 1, generator=generator).item())
            logits, state = model(torch.tensor([[new[-1]]]), state)
    model.train(was_training)
    return "".join(alphabet[i] for i in new)


# %% alternative: the prompt character by character, chance by Python's random, the first nine tenths by int
import random


def train_generator(text, seed):
    torch.manual_seed(seed)
    alphabet = "".join(dict.fromkeys(text))
    training, held_out = text[: int(0.9 * len(text))], text[int(0.9 * len(text)) :]
    model = CharLSTM(len(alphabet), 24, 72, dropout=0.1)
    train(model, encode(alphabet, training), B=8, T=48, epochs=8)
    model.eval()
    with torch.no_grad():
        _, state = model(encode(alphabet, training)[None])
        ids = encode(alphabet, training[-1] + held_out)
        logits, _ = model(ids[None, :-1], state)
    return model, alphabet, F.cross_entropy(logits[0], ids[1:]).item()


@torch.no_grad()
def generate(model, alphabet, prompt, n, temperature, seed):
    index = {character: i for i, character in enumerate(alphabet)}
    chance, mode, state = random.Random(seed), model.training, None
    model.train(False)
    try:
        for character in prompt:
            logits, state = model(torch.tensor([[index[character]]]), state)
        text = ""
        while len(text) < n:
            z = logits[0, -1]
            if temperature == 0:
                i = z.argmax().item()
            else:
                i = chance.choices(range(len(alphabet)), torch.softmax(z / temperature, 0).tolist())[0]
            text += alphabet[i]
            logits, state = model(torch.tensor([[i]]), state)
    finally:
        model.train(mode)
    return text


# %% alternative: the whole text read anew for every character
def generate(model, alphabet, prompt, n, temperature, seed):
    generator = torch.Generator()
    generator.manual_seed(seed)
    ids, mode = encode(alphabet, prompt), model.training
    model.eval()
    with torch.inference_mode():
        for _ in range(n):
            z = model(ids[None])[0][0, -1]
            p = F.one_hot(z.argmax(), len(alphabet)).float() if temperature == 0 else (z / temperature).softmax(0)
            ids = torch.cat([ids, torch.multinomial(p, 1, generator=generator)])
    model.train(mode)
    return "".join(alphabet[i] for i in ids[len(prompt) :])


# %% mutant: only the prompt's last character is read | says: Only the prompt's last character was read
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    generator = torch.Generator().manual_seed(seed)
    was_training = model.training
    model.eval()
    new, last, state = [], ids[-1:], None
    with torch.no_grad():
        for _ in range(n):
            logits, state = model(last[None], state)
            z = logits[0, -1]
            if temperature == 0:
                last = z.argmax()[None]
            else:
                last = torch.multinomial((z / temperature).softmax(0), 1, generator=generator)
            new.append(last.item())
    model.train(was_training)
    return "".join(alphabet[i] for i in new)


# %% mutant: the last character is read twice | says: The prompt's last character was read twice
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    generator = torch.Generator().manual_seed(seed)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        _, state = model(ids[None])
        new, last = [], ids[-1:]
        for _ in range(n):
            logits, state = model(last[None], state)
            z = logits[0, -1]
            if temperature == 0:
                last = z.argmax()[None]
            else:
                last = torch.multinomial((z / temperature).softmax(0), 1, generator=generator)
            new.append(last.item())
    model.train(was_training)
    return "".join(alphabet[i] for i in new)


# %% mutant: the state is not carried | says: The state is not carried
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    generator = torch.Generator().manual_seed(seed)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits, _ = model(ids[None])
        new = []
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                new.append(z.argmax().item())
            else:
                new.append(torch.multinomial((z / temperature).softmax(0), 1, generator=generator).item())
            logits, _ = model(torch.tensor([[new[-1]]]))
    model.train(was_training)
    return "".join(alphabet[i] for i in new)


# %% mutant: eval never undone | says: keep model.training first, and restore it
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    generator = torch.Generator().manual_seed(seed)
    model.eval()
    with torch.no_grad():
        logits, state = model(ids[None])
        new = []
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                new.append(z.argmax().item())
            else:
                new.append(torch.multinomial((z / temperature).softmax(0), 1, generator=generator).item())
            logits, state = model(torch.tensor([[new[-1]]]), state)
    return "".join(alphabet[i] for i in new)


# %% mutant: always in training mode afterwards | says: keep model.training first, and restore it
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    generator = torch.Generator().manual_seed(seed)
    model.eval()
    with torch.no_grad():
        logits, state = model(ids[None])
        new = []
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                new.append(z.argmax().item())
            else:
                new.append(torch.multinomial((z / temperature).softmax(0), 1, generator=generator).item())
            logits, state = model(torch.tensor([[new[-1]]]), state)
    model.train()
    return "".join(alphabet[i] for i in new)


# %% mutant: dropout stays on | says: Dropout is on while the model writes
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        logits, state = model(ids[None])
        new = []
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                new.append(z.argmax().item())
            else:
                new.append(torch.multinomial((z / temperature).softmax(0), 1, generator=generator).item())
            logits, state = model(torch.tensor([[new[-1]]]), state)
    return "".join(alphabet[i] for i in new)


# %% mutant: argmax always | says: All characters are the same
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits, state = model(ids[None])
        new = []
        for _ in range(n):
            new.append(logits[0, -1].argmax().item())
            logits, state = model(torch.tensor([[new[-1]]]), state)
    model.train(was_training)
    return "".join(alphabet[i] for i in new)


# %% mutant: a new generator for each character | says: make one before the loop
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits, state = model(ids[None])
        new = []
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                new.append(z.argmax().item())
            else:
                generator = torch.Generator().manual_seed(seed)
                new.append(torch.multinomial((z / temperature).softmax(0), 1, generator=generator).item())
            logits, state = model(torch.tensor([[new[-1]]]), state)
    model.train(was_training)
    return "".join(alphabet[i] for i in new)


# %% mutant: the temperature multiplies | says: The logits are multiplied by the temperature
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    generator = torch.Generator().manual_seed(seed)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits, state = model(ids[None])
        new = []
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                new.append(z.argmax().item())
            else:
                new.append(torch.multinomial((z * temperature).softmax(0), 1, generator=generator).item())
            logits, state = model(torch.tensor([[new[-1]]]), state)
    model.train(was_training)
    return "".join(alphabet[i] for i in new)


# %% mutant: the seed plays no part | says: Two calls with seed 1 wrote different texts
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = encode(alphabet, prompt)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits, state = model(ids[None])
        new = []
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                new.append(z.argmax().item())
            else:
                new.append(torch.multinomial((z / temperature).softmax(0), 1).item())
            logits, state = model(torch.tensor([[new[-1]]]), state)
    model.train(was_training)
    return "".join(alphabet[i] for i in new)


# %% mutant: the prompt comes back too, unknown characters are passed over | says: Leave the prompt out
def generate(model, alphabet, prompt, n, temperature, seed):
    ids = torch.tensor([alphabet.index(character) for character in prompt if character in alphabet])
    generator = torch.Generator().manual_seed(seed)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits, state = model(ids[None])
        text = prompt
        for _ in range(n):
            z = logits[0, -1]
            if temperature == 0:
                i = z.argmax().item()
            else:
                i = torch.multinomial((z / temperature).softmax(0), 1, generator=generator).item()
            text += alphabet[i]
            logits, state = model(torch.tensor([[i]]), state)
    model.train(was_training)
    return text


# %% mutant: trained on the whole text | says: The model depends on the last tenth
def train_generator(text, seed):
    torch.manual_seed(seed)
    alphabet = "".join(sorted(set(text)))
    ids = encode(alphabet, text)
    model = CharLSTM(len(alphabet), 16, 64)
    train(model, ids)
    return model, alphabet, nats_of(model, ids[len(ids) * 9 // 10 :])


# %% mutant: reported on the training text | says: and not that of the training text
def train_generator(text, seed):
    torch.manual_seed(seed)
    alphabet = "".join(sorted(set(text)))
    ids = encode(alphabet, text)
    cut = len(ids) * 9 // 10
    model = CharLSTM(len(alphabet), 16, 64)
    train(model, ids[:cut])
    return model, alphabet, nats_of(model, ids[:cut])


# %% mutant: unseeded training | says: Two trainings with seed 7
def train_generator(text, seed):
    alphabet = "".join(sorted(set(text)))
    ids = encode(alphabet, text)
    cut = len(ids) * 9 // 10
    model = CharLSTM(len(alphabet), 16, 64)
    train(model, ids[:cut])
    return model, alphabet, nats_of(model, ids[cut:])


# %% mutant: targets not shifted | says: Are the targets the next characters
def train_generator(text, seed):
    torch.manual_seed(seed)
    alphabet = "".join(sorted(set(text)))
    ids = encode(alphabet, text)
    cut = len(ids) * 9 // 10
    model = CharLSTM(len(alphabet), 16, 64)
    train(model, ids[:cut], shift=0)
    return model, alphabet, nats_of(model, ids[cut:])


# %% mutant: bits reported | says: is in bits
def train_generator(text, seed):
    torch.manual_seed(seed)
    alphabet = "".join(sorted(set(text)))
    ids = encode(alphabet, text)
    cut = len(ids) * 9 // 10
    model = CharLSTM(len(alphabet), 16, 64)
    train(model, ids[:cut])
    return model, alphabet, nats_of(model, ids[cut:]) / 0.6931471805599453


# %% mutant: a single epoch | says: Your model has learned too little
def train_generator(text, seed):
    torch.manual_seed(seed)
    alphabet = "".join(sorted(set(text)))
    ids = encode(alphabet, text)
    cut = len(ids) * 9 // 10
    model = CharLSTM(len(alphabet), 16, 64)
    train(model, ids[:cut], epochs=1)
    return model, alphabet, nats_of(model, ids[cut:])
