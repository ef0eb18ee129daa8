"""Who moves when, whose parameters change, and what each team loses."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.losses.adversarial import ADVERSARIES
from photochrom.losses.regression import l1
from photochrom.models.decoding import decoding
from photochrom.models.discriminators.patch import PatchDiscriminator
from photochrom.models.network import Discriminator, Network
from photochrom.training.batch import Batch, Prediction
from photochrom.training.games.alone import Alone
from photochrom.training.games.circle import Circle
from photochrom.training.games.game import MODEL, Game, spectating
from photochrom.training.games.judged import JUDGE, Judged
from photochrom.training.objective import objective
from photochrom.training.settings import Cycle, Loss, Recipe
from photochrom.training.start import game_of, optimizers_of, start

CPU = torch.device("cpu")
PRIOR = np.full(313, 1 / 313)


def batch_of(count: int, seed: int = 0, side: int = 32) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    return Batch(torch.rand(count, side, side, 3, generator=generator), torch.zeros(count).long())


@pytest.fixture
def played(fabric: Fabric) -> Callable[[Recipe], Game]:
    """The game of a recipe, as training begins it."""
    return lambda recipe: game_of(recipe, start(recipe, ["day", "night"], CPU), PRIOR, fabric)


def weights(module: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


def changed(module: nn.Module, before: list[Tensor]) -> bool:
    return any(
        not torch.equal(now, then) for now, then in zip(module.parameters(), before, strict=True)
    )


def play(recipe: Recipe, game: Game, batch: Batch) -> list[tuple[str, set[str], set[str]]]:
    """Play a round as the loop does.

    Returns:
        For each turn its team, the players that its loss gave a gradient, and those it changed.
    """
    model = game.players[MODEL]
    assert isinstance(model, Network)
    optimizers = optimizers_of(recipe, game, model)
    turns = []
    for team, loss in game.turns(batch):
        before = {name: weights(player) for name, player in game.players.items()}
        for player in game.players.values():
            player.zero_grad()
        loss.backward()
        moved = {
            name
            for name, player in game.players.items()
            if any(p.grad is not None and p.grad.any() for p in player.parameters())
        }
        optimizers[team].step()
        after = {n for n, player in game.players.items() if changed(player, before[n])}
        turns.append((team, moved, after))
    return turns


class TestRounds:
    """Turns and the parameters that they change, of the games as recipes set them up."""

    def test_alone(self, learner: Callable[..., Recipe], played: Callable[[Recipe], Game]) -> None:
        recipe = learner("plain")
        game = played(recipe)
        assert isinstance(game, Alone)
        assert play(recipe, game, batch_of(4)) == [("model", {"model"}, {"model"})]

    def test_judged(self, learner: Callable[..., Recipe], played: Callable[[Recipe], Game]) -> None:
        """The judge first; the network's turn leaves no gradient in the judge."""
        recipe = learner("judged")
        game = played(recipe)
        assert isinstance(game, Judged)
        assert play(recipe, game, batch_of(4)) == [
            ("discriminator", {"discriminator"}, {"discriminator"}),
            ("model", {"model"}, {"model"}),
        ]

    def test_circle(self, learner: Callable[..., Recipe], played: Callable[[Recipe], Game]) -> None:
        """Both networks, then both judges."""
        recipe = learner("cycle")
        game = played(recipe)
        assert isinstance(game, Circle)
        judges = {"color_discriminator", "grey_discriminator"}
        assert play(recipe, game, batch_of(4)) == [
            ("model", {"model", "back"}, {"model", "back"}),
            ("discriminators", judges, judges),
        ]
        assert all(p.requires_grad for n in judges for p in game.players[n].parameters())

    @pytest.mark.parametrize("name", ["plain", "judged", "cycle"])
    def test_every_parameter_is_some_teams(
        self, name: str, learner: Callable[..., Recipe], played: Callable[[Recipe], Game]
    ) -> None:
        recipe = learner(name)
        game = played(recipe)
        model = game.players[MODEL]
        assert isinstance(model, Network)
        optimizers = optimizers_of(recipe, game, model)
        assert list(optimizers) == list(game.teams)
        for team, optimizer in optimizers.items():
            ours = [id(p) for group in optimizer.param_groups for p in group["params"]]
            members = [game.players[member] for member in game.teams[team]]
            assert sorted(ours) == sorted(id(p) for m in members for p in m.parameters())
        members = [member for team in game.teams.values() for member in team]
        idle = set(game.players) - set(members)
        assert not [p for name in idle for p in game.players[name].parameters()]

    def test_a_judge_may_learn_at_its_own_rate(
        self, learner: Callable[..., Recipe], played: Callable[[Recipe], Game]
    ) -> None:
        recipe = learner("judged")
        game = played(recipe)
        model = game.players[MODEL]
        assert isinstance(model, Network)
        optimizers = optimizers_of(recipe, game, model)
        peaks = {team: [g["peak"] for g in o.param_groups] for team, o in optimizers.items()}
        assert peaks == {"discriminator": [1e-3], "model": [2e-3]}


class Fixed(Network):
    """Puts out what it is made of, whatever it sees."""

    size_multiple = stride = 1

    def __init__(self, raw: Tensor) -> None:
        super().__init__()
        self.raw = nn.Parameter(raw)

    def forward(self, x: Tensor) -> Tensor:
        return self.raw.expand(len(x), -1, *x.shape[2:])


class Thermometer(Discriminator):
    """A judge that takes the mean of what it sees, times one parameter, for its verdict."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.0))
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        self.seen.append(x.detach())
        return (self.factor * x.mean(dim=(1, 2, 3), keepdim=True),)


def told(model: nn.Module, batch: Batch) -> Prediction:
    return Prediction(model(batch.grey), None)


class TestJudged:
    """Losses by hand: a drawing of one color against a judge of one number."""

    WEIGHT = 3.0

    def game(self, fabric: Fabric) -> tuple[Judged, Fixed, Thermometer]:
        model, judge = Fixed(torch.tensor([0.5, -0.25, 0.0])[None, :, None, None]), Thermometer()
        meaning = decoding("rgb", "lab")
        paired = objective(Loss.model_validate({"l1": {"weight": 10}}), meaning, PRIOR, CPU)
        adversary = ADVERSARIES["lsgan"]
        game = Judged(model, judge, paired, told, meaning, adversary, self.WEIGHT, fabric.autocast)
        return game, model, judge

    def test_losses(self, fabric: Fabric) -> None:
        game, model, judge = self.game(fabric)
        batch = batch_of(3, side=8)
        turns = game.turns(batch)
        team, judged = next(turns)
        assert team == JUDGE
        grey = batch.grey.mean(dim=(1, 2, 3)).detach()  # each of 4 channels is a quarter
        color = (batch.srgb * 2 - 1).mean(dim=(1, 2, 3))
        real, fake = (grey + 3 * color) / 4, (grey + 0.25) / 4
        expected = ((real - 1).square().mean() + fake.square().mean()) / 2
        torch.testing.assert_close(judged, expected)

        with torch.no_grad():
            judge.factor.fill_(2.0)  # the judge has moved: the network plays against the new one
        team, total = next(turns)
        assert team == MODEL
        distance = l1(model.raw.expand(3, -1, 8, 8), (batch.srgb * 2 - 1).movedim(-1, 1))
        deceived = (2 * fake - 1).square().mean()
        torch.testing.assert_close(total, 10 * distance + self.WEIGHT * deceived)
        assert next(turns, None) is None

    def test_judge_sees_the_grey_picture_beside_the_colors(self, fabric: Fabric) -> None:
        game, model, judge = self.game(fabric)
        batch = batch_of(3, side=8)
        list(game.turns(batch))
        real, fake, again = judge.seen
        assert real.shape == (3, 4, 8, 8)
        torch.testing.assert_close(real[:, :1], batch.grey)
        torch.testing.assert_close(real[:, 1:], (batch.srgb * 2 - 1).movedim(-1, 1))
        torch.testing.assert_close(fake[:, :1], batch.grey)
        torch.testing.assert_close(fake[:, 1:], model.raw.expand(3, -1, 8, 8))
        assert torch.equal(fake, again)

    def test_validation_is_the_distance_alone(self, fabric: Fabric) -> None:
        game, model, judge = self.game(fabric)
        batch = batch_of(3, side=8)
        distance = l1(model.raw.expand(3, -1, 8, 8), (batch.srgb * 2 - 1).movedim(-1, 1))
        torch.testing.assert_close(game.loss(model, batch), 10 * distance)
        assert judge.seen == []

    def test_colors_of_smaller_networks_are_judged_at_their_size(
        self, learner: Callable[..., Recipe], played: Callable[[Recipe], Game]
    ) -> None:
        """Bins at a quarter of the size, by the mean of their distribution."""
        settings = {"width": 8, "layers": 1}
        recipe = learner(
            "plain",
            loss={"cross_entropy": {}, "adversarial": {"settings": settings}},
            stages=[{"size": 64, "steps": 1}],
        )
        game = played(recipe)
        seen: list[Tensor] = []
        game.players[JUDGE].register_forward_pre_hook(lambda module, x: seen.append(x[0]))
        for _, loss in game.turns(batch_of(2, side=64)):
            assert loss.isfinite()
        assert {tuple(x.shape) for x in seen} == {(2, 3, 16, 16)}


class Scaled(Network):
    """A picture times one number; of a grey one, three equal channels."""

    size_multiple = stride = 1

    def __init__(self, factor: float, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=1, keepdim=True)
        return self.factor * (mean if self.channels == 1 else x.expand(-1, 3, -1, -1))


class TestCircle:
    """Losses by hand: both ways multiply by one number, and judges take the mean."""

    def game(self, fabric: Fabric, **settings: Any) -> Circle:
        return Circle(
            Scaled(0.5, 3),
            Scaled(0.8, 1),
            (Thermometer(), Thermometer()),
            decoding("rgb", "lab"),
            ADVERSARIES["lsgan"],
            2.0,
            Cycle.model_validate({"weight": 10, "identity": 0.5, "history": 0, **settings}),
            fabric.autocast,
        )

    def losses(self, game: Circle, batch: Batch) -> tuple[float, float]:
        (networks, total), (judges, judged) = game.turns(batch)
        assert (networks, judges) == ("model", "discriminators")
        return total.item(), judged.item()

    def test_losses(self, fabric: Fabric) -> None:
        batch = batch_of(4, side=8)
        grey = batch.grey[0::2].double()
        color = (batch.srgb[1::2].double() * 2 - 1).movedim(-1, 1)
        mean = color.mean(dim=1, keepdim=True)
        deceived = (0.5 * grey.mean((1, 2, 3)) - 1).square().mean()
        deceived = deceived + (0.8 * mean.mean((1, 2, 3)) - 1).square().mean()
        around = (0.4 * grey - grey).abs().mean() + (0.4 * mean - color).abs().mean()
        kept = (0.5 * color - color).abs().mean() + (0.8 * grey - grey).abs().mean()
        expected = 2 * deceived + 10 * around + 10 * 0.5 * kept
        total, judged = self.losses(self.game(fabric), batch)
        assert total == pytest.approx(expected.item(), rel=1e-5)
        real = (color.mean((1, 2, 3)) - 1).square().mean()
        real = real + (grey.mean((1, 2, 3)) - 1).square().mean()
        fake = (0.5 * grey.mean((1, 2, 3))).square().mean()
        fake = fake + (0.8 * mean.mean((1, 2, 3))).square().mean()
        assert judged == pytest.approx((real + fake).item() / 2, rel=1e-5)

    def test_identity_can_be_left_out(self, fabric: Fabric) -> None:
        batch = batch_of(4, side=8)
        grey = batch.grey[0::2]
        color = (batch.srgb[1::2] * 2 - 1).movedim(-1, 1)
        kept = 0.5 * color.abs().mean() + 0.2 * grey.abs().mean()
        whole, _ = self.losses(self.game(fabric), batch)
        without, _ = self.losses(self.game(fabric, identity=0), batch)
        assert whole - without == pytest.approx(5 * kept.item(), rel=1e-4)

    def test_no_picture_is_seen_with_its_own_colors(self, fabric: Fabric) -> None:
        """Of every other picture only the lightness counts, of the ones between only the colors:
        with other colors of the same lightness everything is the same."""
        batch = batch_of(4, side=8)
        first = self.losses(self.game(fabric), batch)
        repainted = Batch(batch.srgb.clone(), batch.labels)
        repainted.srgb[0::2] = (batch.grey[0::2].movedim(1, -1) + 1) / 2  # not even the same greys
        repainted.grey = batch.grey
        assert self.losses(self.game(fabric), repainted) == first
        swapped = Batch(batch.srgb[[2, 1, 0, 3]], batch.labels)  # other partners
        assert self.losses(self.game(fabric), swapped) == pytest.approx(first)
        exchanged = Batch(batch.srgb[[1, 0, 3, 2]], batch.labels)  # grey for color
        assert self.losses(self.game(fabric), exchanged) != pytest.approx(first)

    def test_judges_are_shown_older_pictures(self, fabric: Fabric) -> None:
        game = self.game(fabric, history=2)
        judge = game.players["color_discriminator"]
        assert isinstance(judge, Thermometer)
        first = batch_of(4, seed=0, side=8)
        self.losses(game, first)
        older = [0.5 * picture.expand(3, -1, -1) for picture in first.grey[0::2]]
        surprises = 0
        for seed in range(1, 9):
            torch.manual_seed(seed)
            batch = batch_of(4, seed=seed, side=8)
            judge.seen.clear()
            self.losses(game, batch)
            deceiving, real, shown = judge.seen
            fresh = 0.5 * batch.grey[0::2].expand(-1, 3, -1, -1)
            torch.testing.assert_close(deceiving, fresh)  # the networks' turn has no history
            torch.testing.assert_close(real, (batch.srgb[1::2] * 2 - 1).movedim(-1, 1))
            for picture, new in zip(shown, fresh, strict=True):
                known = [old for old in older if torch.allclose(picture, old)]
                assert known or torch.allclose(picture, new)
                surprises += bool(known)
                older.append(new)
        assert 2 <= surprises <= 14  # of 16, each with even odds

    def test_validation_is_the_difference_from_the_true_colors(self, fabric: Fabric) -> None:
        game, batch = self.game(fabric), batch_of(4, side=8)
        colors = (batch.srgb * 2 - 1).movedim(-1, 1)
        expected = (0.5 * batch.grey - colors).abs().mean()
        torch.testing.assert_close(game.loss(game.players[MODEL], batch), expected)


def test_spectators_let_gradients_through_and_keep_none() -> None:
    judge = PatchDiscriminator(inputs=3, width=4, layers=1)
    pictures = torch.rand(2, 3, 32, 32, requires_grad=True)
    with spectating(judge):
        (scores,) = judge(pictures)
    scores.sum().backward()
    assert pictures.grad is not None
    assert pictures.grad.any()
    assert all(p.grad is None and p.requires_grad for p in judge.parameters())


def test_a_mapping_of_players_is_what_a_checkpoint_holds(
    learner: Callable[..., Recipe], played: Callable[[Recipe], Game]
) -> None:
    expected: Mapping[str, set[str]] = {
        "plain": {"model"},
        "judged": {"model", "discriminator"},
        "cycle": {
            "model",
            "back",
            "color_discriminator",
            "grey_discriminator",
            "color_history",
            "grey_history",
        },
    }
    for name, players in expected.items():
        assert set(played(learner(name)).players) == players
