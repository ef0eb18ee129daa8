"""A picture as a net of conductors, and how what is fed into it settles.

Every pixel is joined to its four neighbors, drains a little to the ground, and may be fed. The
potentials that follow solve a symmetric, diagonally dominant system: they lie between the fed ones,
whatever the net.

Pixels are first merged along their best joins, twice, which leaves about a tenth of them. The net
of these is solved by conjugate gradients, with a coarser net of the same kind below (Koutis, Miller
and Tolliver 2011, "Combinatorial preconditioners and multilevel solvers for problems in computer
vision and image processing"). Cells of a fixed shape, merged instead, would conduct across the
edges that potentials are to stop at.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

COARSE = 500  # nodes at most that are solved exactly: to invert their matrix takes milliseconds
ACCURACY = 1e-6  # of the potentials, in the energy norm: what is far has potentials of 1e-4
MOST_STEPS = 300  # of conjugate gradients
SWEEPS = 4  # of relaxation among the pixels, which start with the potential of their node
JITTER = 0.1  # share of a conductance that chance takes when best joins are chosen: in flat
# parts all are alike, and without it whole rows would merge


@dataclass(frozen=True)
class Net:
    """Nodes and what joins them."""

    begin: Indices
    end: Indices
    """`(joins,)`: the nodes that a join is between; of two nodes, at most one join."""
    conductance: Doubles
    """`(joins,)`, > 0."""
    size: Doubles
    """`(nodes,)`: of how many pixels each is made."""

    def inflow(self, potential: Doubles) -> Doubles:
        """Conductance times the other end's potential, summed over each node's joins; `(C, n)`."""
        count = len(self.size)
        return np.stack(
            [
                _sums(self.begin, self.conductance * case[self.end], count)
                + _sums(self.end, self.conductance * case[self.begin], count)
                for case in potential
            ]
        )

    def merged(self) -> tuple["Net", Indices]:
        """The net of nodes merged with those of their best joins, and which each became."""
        worth = self.conductance * np.random.default_rng(0).uniform(1 - JITTER, 1, len(self.begin))
        # Borders of large nodes conduct well by their mere length; the small ones go first.
        worth /= np.sqrt(self.size[self.begin] * self.size[self.end])
        _, which = np.unique(_roots(self._best_neighbors(worth)), return_inverse=True)
        size = _sums(which, self.size, int(which.max()) + 1)
        begin, end = which[self.begin], which[self.end]
        apart = begin != end
        pair = np.minimum(begin, end) * len(size) + np.maximum(begin, end)
        pairs, join = np.unique(pair[apart], return_inverse=True)
        conductance = _sums(join, self.conductance[apart], len(pairs))
        return Net(pairs // len(size), pairs % len(size), conductance, size), which

    def _best_neighbors(self, worth: Doubles) -> Indices:
        """To whom the join of the greatest worth leads, for each; to itself where there is none."""
        count = len(self.size)
        order = np.argsort(worth)
        rank = np.arange(len(order))
        forth, back = np.full(count, -1), np.full(count, -1)
        forth[self.begin[order]] = rank  # of equal indices the last is kept, of the greatest worth
        back[self.end[order]] = rank
        rank = np.maximum(forth, back)
        if not len(order):
            return np.arange(count)
        join = order[rank]
        best = np.where(forth > back, self.end[join], self.begin[join])
        return np.where(rank < 0, np.arange(count), best)


def _sums(index: Indices, values: Doubles, count: int) -> Doubles:
    """Sums of the values of each index, `(count,)`."""
    return np.asarray(np.bincount(index, values, count), dtype=np.float64)


def _roots(best: Indices) -> Indices:
    """Where following the best neighbors ends: at the lesser of two that chose each other."""
    itself = np.arange(len(best))
    root = np.where(best[best] == itself, np.minimum(itself, best), best)
    while not np.array_equal(further := root[root], root):
        root = further
    return root


def settled(across: Doubles, down: Doubles, drain: Doubles, feed: Doubles) -> Doubles:
    """The potentials of a grid of pixels.

    Args:
        across: `(h, w - 1)`, conductance of each pixel to the one on its right, > 0.
        down: `(h - 1, w)`, to the one below.
        drain: `(h, w)`, to the ground, > 0.
        feed: `(C, h, w)`, current into each pixel, for C separate cases.

    Returns:
        `(C, h, w)`.
    """
    shape = drain.shape
    net, node = _grid(across, down).merged()
    net, further = net.merged()
    node = further[node]
    count = len(net.size)
    ground = _sums(node, drain.ravel(), count)
    current = np.stack([_sums(node, case.ravel(), count) for case in feed])
    potential = _solved(_to_scale(net), ground, current)
    return _relaxed(across, down, drain, feed, potential[:, node].reshape(-1, *shape))


def _grid(across: Doubles, down: Doubles) -> Net:
    """The net of single pixels, numbered row by row."""
    height, width = len(across), down.shape[1]
    pixel = np.arange(height * width).reshape(height, width)
    begin = np.concatenate([pixel[:, :-1].ravel(), pixel[:-1].ravel()])
    end = np.concatenate([pixel[:, 1:].ravel(), pixel[1:].ravel()])
    conductance = np.concatenate([across.ravel(), down.ravel()])
    return Net(begin, end, conductance, np.ones(height * width))


def _to_scale(net: Net) -> Net:
    """The net with joins as long as its nodes are wide: merging has made way without distance."""
    width = np.sqrt(np.sqrt(net.size[net.begin] * net.size[net.end]))
    return Net(net.begin, net.end, net.conductance / width, net.size)


def _solved(net: Net, drain: Doubles, feed: Doubles) -> Doubles:
    """Potentials `(C, n)` of any net, by conjugate gradients."""
    total = drain + net.inflow(np.ones((1, len(drain))))[0]
    coarse, node = net, np.arange(len(drain))
    while len(coarse.size) > COARSE and len(coarse.begin):
        coarse, which = coarse.merged()
        node = which[node]
    count = len(coarse.size)
    inverse = np.linalg.inv(_matrix(coarse, _sums(node, drain, count)))

    def conditioned(rest: Doubles) -> Doubles:
        sums = np.stack([_sums(node, case, count) for case in rest])
        return np.asarray(rest / total + (sums @ inverse)[:, node])

    potential, rest = np.zeros_like(feed), feed.copy()
    way = conditioned(rest)
    energy = first = _energy(rest, way)
    for _ in range(MOST_STEPS):
        if (energy <= ACCURACY**2 * first).all():
            break
        change = total * way - net.inflow(way)
        length = energy / np.maximum(_energy(way, change), np.finfo(np.float64).tiny)
        potential += length * way
        rest -= length * change
        step, before = conditioned(rest), energy
        energy = _energy(rest, step)
        way = step + energy / np.maximum(before, np.finfo(np.float64).tiny) * way
    return potential


def _matrix(net: Net, drain: Doubles) -> Doubles:
    """What turns the potentials `(n,)` of a net into the currents that feed it, `(n, n)`."""
    joined = np.zeros((len(drain), len(drain)))
    joined[net.begin, net.end] = net.conductance
    joined += joined.T
    return np.asarray(np.diag(joined.sum(axis=1) + drain) - joined)


def _energy(one: Doubles, other: Doubles) -> Doubles:
    """The product of each case, `(C, 1)`."""
    return np.asarray(np.einsum("cn,cn->c", one, other)[:, None])


def _relaxed(
    across: Doubles, down: Doubles, drain: Doubles, feed: Doubles, potential: Doubles
) -> Doubles:
    """Potentials of a grid, some steps of Jacobi nearer; shapes as of `settled`."""

    def inflow(potential: Doubles) -> Doubles:
        flow = np.zeros_like(potential)
        flow[:, :, 1:] += across * potential[:, :, :-1]
        flow[:, :, :-1] += across * potential[:, :, 1:]
        flow[:, 1:] += down * potential[:, :-1]
        flow[:, :-1] += down * potential[:, 1:]
        return flow

    total = drain + inflow(np.ones((1, *drain.shape)))[0]
    for _ in range(SWEEPS):
        potential = (feed + inflow(potential)) / total
    return potential
