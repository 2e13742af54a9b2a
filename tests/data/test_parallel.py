import pytest

from rnnbook.data import Parallel

PAIRS = Parallel(["a", "b", "A", "c", "d", "e"], ["1", "2", "1", "3", "4", "5"])


def test_a_split_divides_by_target():
    sides = set()
    for seed in range(20):
        train, test = PAIRS.split(seed, held_out=0.4)
        assert len(set(test.targets)) == 2
        assert not set(train.targets) & set(test.targets)
        assert ("a" in test.sources) == ("A" in test.sources)
        assert sorted((train + test).sources) == sorted(PAIRS.sources)
        assert (
            dict(zip(PAIRS.sources, PAIRS.targets, strict=True)).items()
            >= dict(zip(test.sources, test.targets, strict=True)).items()
        )
        assert [s for s in PAIRS.sources if s in train.sources] == train.sources
        assert PAIRS.split(seed, held_out=0.4) == (train, test)
        sides.add(tuple(test.sources))
    assert len(sides) > 5


@pytest.mark.parametrize("held_out", [0, 0.05, 1, -0.5, 2])
def test_neither_side_may_be_empty(held_out):
    with pytest.raises(ValueError, match=r"of 5 distinct targets leaves one side empty; take a fraction such as 0.1"):
        PAIRS.split(0, held_out)


def test_each_source_has_a_target():
    with pytest.raises(ValueError, match=r"2 sources and 1 targets"):
        Parallel(["a", "b"], ["1"])


def test_the_other_way_round_and_the_alphabets():
    assert PAIRS.reversed().sources == PAIRS.targets
    assert PAIRS.reversed().reversed() == PAIRS
    assert Parallel(["ab", "ca"], ["", "21"]).alphabets == (["a", "b", "c"], ["1", "2"])
    assert len(PAIRS) == 6


def test_the_hash_knows_every_text_and_its_side():
    hashes = {p.sha256 for p in (PAIRS, PAIRS.reversed(), Parallel(["a"], ["b"]), Parallel(["a"], ["c"]))}
    assert len(hashes) == 4
