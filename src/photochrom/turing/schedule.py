"""What one person is shown, in which order: drawn once, then stored.

Nobody sees an original twice, whatever network recolored it. At every point networks were shown
alike often, and over the whole the fake is first, or left, as often as not, for each network too.
Across people the pairs that were given least so far come first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from .pairs import Kind, Pairs
from .plan import Plan

Given = Mapping[tuple[str, str], int]
"""How often each pair of picture and network was given to people before."""


@dataclass(frozen=True)
class Showing:
    """One pair as one person sees it."""

    kind: Kind
    picture: str
    """Its name in the folder of its kind."""
    network: str | None
    """Who recolored it; None but for tests."""
    fake_at: int
    """0 where the fake is first, or left; 1 where it is second, or right."""


def schedule(pairs: Pairs, plan: Plan, given: Given, random: Random) -> list[Showing]:
    """Everything that a person will see: practice, then tests with checks among them.

    Args:
        pairs: what there is.
        plan: how many of each; no more than there are (`Plan.fitted`).
        given: what people before got.
        random: decides everything else.
    """
    networks = _networks(pairs, plan.trials, given, random)
    pictures = _pictures(pairs, networks, given, random)
    own = {name: networks.count(name) for name in dict.fromkeys(networks)}
    *per_network, practice_at, checks_at = _sides(
        [*own.values(), plan.practice, plan.checks], random
    )
    fake_at = dict(zip(own, per_network, strict=True))
    tests = [
        Showing("test", picture, network, fake_at[network].pop())
        for network, picture in zip(networks, pictures, strict=True)
    ]
    practice = _drawn("practice", pairs.practice, practice_at, random)
    checks = _drawn("check", pairs.checks, checks_at, random)
    return [*practice, *_spread(tests, checks, random)]


def _networks(pairs: Pairs, trials: int, given: Given, random: Random) -> list[str]:
    """Whose picture each test shows: all networks in turn, in an order drawn anew every turn."""
    before = {network.name: 0 for network in pairs.networks}
    for (_, network), times in given.items():
        before[network] = before.get(network, 0) + times
    names = [network.name for network in pairs.networks]
    turns, rest = divmod(trials, len(names))
    order = [name for _ in range(turns) for name in random.sample(names, len(names))]
    least = sorted(random.sample(names, len(names)), key=before.__getitem__)
    return order + least[:rest]


def _pictures(pairs: Pairs, networks: Sequence[str], given: Given, random: Random) -> list[str]:
    """A picture for each test, those first that people saw least by that network."""
    left = random.sample(pairs.names, len(pairs.names))  # min() takes the first of equals
    seen = {name: sum(given.get((name, n.name), 0) for n in pairs.networks) for name in left}
    chosen: dict[str, list[str]] = {network: [] for network in networks}
    for network in networks:
        picture = min(left, key=lambda name: (given.get((name, network), 0), seen[name]))
        left.remove(picture)
        chosen[network].append(picture)
    for own in chosen.values():
        random.shuffle(own)  # or the least seen pictures would always be seen early
    return [chosen[network].pop() for network in networks]


def _sides(sizes: Sequence[int], random: Random) -> list[list[int]]:
    """For each group that many sides, half of them 0; over all groups, too, but for one at most."""
    odd = random.randrange(2)
    groups = []
    for size in sizes:
        sides = [0, 1] * (size // 2)
        if size % 2:
            sides.append(odd)
            odd = 1 - odd
        random.shuffle(sides)
        groups.append(sides)
    return groups


def _drawn(
    kind: Kind, names: Sequence[str], fake_at: Sequence[int], random: Random
) -> list[Showing]:
    drawn = random.sample(names, len(fake_at))
    return [Showing(kind, name, None, at) for name, at in zip(drawn, fake_at, strict=True)]


def _spread(tests: Sequence[Showing], checks: Sequence[Showing], random: Random) -> list[Showing]:
    """A check within every one of as many equal parts of the tests, where nobody expects it."""
    spread = list(tests)
    for number in reversed(range(len(checks))):
        begin, end = (at * len(tests) // len(checks) for at in (number, number + 1))
        spread.insert(random.randint(begin, max(begin, end - 1)), checks[number])
    return spread
