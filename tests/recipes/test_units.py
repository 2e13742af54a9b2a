"""Which unit follows what: oracles by brute force, and units that are known to know."""

import numpy as np
import pytest
import torch

from rnnbook.models import LanguageModel
from rnnbook.recipes import units
from rnnbook.text import Vocabulary

PLAY = "ANN:\nWell, Sir John:\nno. I go\n\nSir John:\nDear Ann:\n\nOh\nMe:\n\nANN: no\n"


def test_names_stand_before_a_colon_after_an_empty_line():
    inside = units.within_a_name(PLAY)
    assert len(inside) == len(PLAY)
    second = PLAY.index("\n\nSir John") + 2
    assert [i for i, so in enumerate(inside) if so] == [0, 1, 2, *range(second, second + len("Sir John"))]


@pytest.mark.parametrize(
    ("follows", "text", "expected"),
    [
        ("the line ends next", "ab\n\nc\n", [0, 1, 1, 0, 1, 0]),
        ("a capital comes next", "aBc DÉ.", [1, 0, 0, 1, 1, 0, 0]),
    ],
)
def test_what_comes_next(follows, text, expected):
    assert units.FOLLOWED[follows](text) == [bool(so) for so in expected]


def brute_force(values, so):
    pairs = [(a > b) + (a == b) / 2 for a in values[so] for b in values[~so]]
    return sum(pairs) / len(pairs)


def test_areas_are_shares_of_pairs():
    rng = np.random.default_rng(0)
    values = torch.from_numpy(rng.integers(0, 6, (40, 5)).astype(float))  # with equal ones
    values[:, 1] = torch.from_numpy(rng.normal(size=40))
    so = torch.from_numpy(rng.random(40) < 0.3)
    values[:, 2] = so.double()
    values[:, 3] = 1 - so.double()
    values[:, 4] = 7
    found = units.areas(values, so).tolist()
    assert found == pytest.approx([brute_force(column, so.numpy()) for column in values.T.numpy()], abs=1e-12)
    assert found[2:] == [1, 0, 0.5]


@pytest.mark.parametrize("so", [[True] * 3, [False] * 3])
def test_there_must_be_something_to_tell_apart(so):
    with pytest.raises(ValueError, match="nothing to tell apart"):
        units.areas(torch.zeros(3, 2), torch.tensor(so))


def test_states_are_those_of_one_stream():
    torch.manual_seed(0)
    text = "abcd" * 700
    vocabulary, model = Vocabulary(list("abcd"), specials=()), LanguageModel(4, 3, 5, dropout=0.5)
    found = units.states(model, vocabulary, text)
    assert model.training
    whole, _ = model.eval().read(torch.tensor([vocabulary.encode(text)]))
    torch.testing.assert_close(found, whole[0], rtol=0, atol=1e-6)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_unit_is_chosen_on_one_text_and_measured_on_the_other(monkeypatch, sign):
    """Unit 1 knows, but in the second text the opposite; unit 2 knows a little."""
    first, second = "aB\nCd, e\n\nANN:\n" * 3, "Xy z\n\nSue:\n" * 3

    def known(follows, text):
        so = torch.tensor(units.FOLLOWED[follows](text)).double()
        little = so.clone()
        little[-8:] = 1 - so[-8:]
        return torch.stack([torch.zeros(len(text)), sign * (so if text == first else -so), little], dim=1)

    for follows in units.FOLLOWED:
        monkeypatch.setattr(units, "states", lambda model, vocabulary, text, follows=follows: known(follows, text))
        found = {each.pop("follows"): each for each in units.telling(None, None, first, second)}
        assert list(found) == list(units.FOLLOWED)
        assert found[follows] == {"unit": 1, "higher": sign == 1, "area": 0.0}
    monkeypatch.setattr(units, "states", lambda model, vocabulary, text: -known(follows, first))
    found = {each.pop("follows"): each for each in units.telling(None, None, first, first)}
    assert found[follows] == {"unit": 1, "higher": sign == -1, "area": 1.0}


def test_what_never_occurs_is_followed_by_no_unit():
    torch.manual_seed(0)
    vocabulary, model = Vocabulary("aB\n", specials=()), LanguageModel(3, 2, 4)
    for texts in [("a\naB", "aa\n"), ("aa\n", "a\naB")]:
        assert [each["follows"] for each in units.telling(model, vocabulary, *texts)] == ["the line ends next"]
