"""Ito et al.'s transformation network: equation 4 across two processes, and its training."""

import threading
from multiprocessing.connection import Listener
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from inference.datasets import DataError, LabelledImages
from inference.models import load
from inference.models.state import weights_digest
from inference.training import CheckpointError
from privacy.transformation import (
    Provider,
    TransformationPlan,
    UNet,
    feature_network,
    serve,
    train_transformation,
)
from privacy.transformation.inverse_network import stepped
from privacy.transformation.training import Objective

SECRET = b"sixteen bytes or"
PICTURES = LabelledImages(
    np.random.default_rng(0).integers(0, 256, (24, 4, 4, 3), np.uint8).repeat(8, 1).repeat(8, 2),
    np.arange(24, dtype=np.int64) % 10,
    tuple("abcdefghij"),
)


class Served:
    """A provider in a thread of this process, and what a user needs to reach it."""

    def __init__(self, classifier: nn.Module, users: int = 1) -> None:
        self.listener = Listener(("127.0.0.1", 0), authkey=SECRET)
        self.address: tuple[str, int] = self.listener.address  # type: ignore[assignment]

        def work() -> None:
            for _ in range(users):
                with self.listener.accept() as connection:
                    serve(classifier, connection)

        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.listener.close()


def test_the_gradient_through_the_provider_is_that_of_equation_4() -> None:
    torch.manual_seed(0)
    classifier, features, network = load("resnet20"), feature_network("resnet20-block1"), UNet(4)
    x = torch.from_numpy(PICTURES.images).permute(0, 3, 1, 2).float() / 255
    y = torch.from_numpy(PICTURES.labels)
    h = network(x)
    distance = (features(h) - features(x)).square().mean()
    expected = nn.functional.cross_entropy(classifier(h), y) - 0.3 * distance
    expected.backward()
    wanted = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    network.zero_grad()
    served = Served(classifier)
    provider = Provider(served.address, SECRET)
    for module in network.modules():  # the running statistics play no part in a gradient
        module.training = True
    objective = Objective(network, features, 0.3, provider)
    loss = objective.loss(objective.forward(x), y)
    loss.backward()
    provider.close()
    served.close()
    # Single precision: sums over a batch in the same order on the same kernels, sent as they are.
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    scale = max(float(g.abs().max()) for g in wanted.values())
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None
        assert (parameter.grad - wanted[name]).abs().max() <= 1e-4 * scale, name
    assert int(objective.hits(h, y)) == int((classifier(h).argmax(1) == y).sum())


def test_training_lowers_the_loss_and_resumes_to_the_same_weights(tmp_path: Path) -> None:
    served = Served(load("resnet20"), users=3)
    features = feature_network("resnet20-block1")
    plan = TransformationPlan(alpha=0.005, features="resnet20-block1", width=4, epochs=4, batch_size=12)

    def run(folder: str, epochs: int) -> tuple[UNet, list[float]]:
        torch.manual_seed(0)
        network, losses = UNet(4), []
        provider = Provider(served.address, SECRET)
        for report in train_transformation(network, features, plan, PICTURES, provider, tmp_path / folder):
            losses.append(report.loss)
            if len(losses) == epochs:
                break
        provider.close()
        return network, losses

    whole, losses = run("whole", 5)
    assert losses[-1] < losses[0]
    run("part", 2)
    resumed, rest = run("part", 5)
    served.close()
    assert losses[2:] == rest
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True))


def test_a_training_with_another_classifier_is_not_taken_up(tmp_path: Path) -> None:
    features = feature_network("resnet20-block1")
    plan = TransformationPlan(features="resnet20-block1", width=2, epochs=1, batch_size=12)
    classifier, other = load("resnet20"), load("resnet20")
    with torch.no_grad():
        next(other.buffers()).add_(1e-3)

    def train(classifier: nn.Module) -> str:
        served = Served(classifier)
        provider = Provider(served.address, SECRET)
        try:
            list(train_transformation(UNet(2), features, plan, PICTURES, provider, tmp_path / "checkpoint"))
        finally:
            provider.close()
            served.close()
        return provider.classifier_sha256

    begun = train(classifier)
    assert train(classifier) == begun == weights_digest(classifier)[:12]
    with pytest.raises(CheckpointError, match=f"it was begun with classifier_sha256 = '{begun}' and not '.*'; allowed is"):
        train(other)


def test_a_transformation_begins_warm_and_ends_at_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    step = torch.optim.SGD.step

    def watched(optimiser: torch.optim.SGD, *given: object) -> object:
        rates.append(optimiser.param_groups[0]["lr"])
        return step(optimiser, *given)  # type: ignore[call-overload]

    monkeypatch.setattr(torch.optim.SGD, "step", watched)
    plan = TransformationPlan(features="resnet20-block1", width=2, epochs=10, batch_size=12)
    served = Served(load("resnet20"))
    provider = Provider(served.address, SECRET)
    list(train_transformation(UNet(2), feature_network(plan.features), plan, PICTURES, provider, tmp_path / "checkpoint"))
    provider.close()
    served.close()
    peak = plan.learning_rate
    assert len(rates) == 20
    assert rates[:3] == pytest.approx([peak / 2, peak, peak])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert 0 < rates[-1] < 0.1 * peak


def test_the_attacks_learning_rate_falls_as_published() -> None:
    assert [stepped(epoch, 200, 0.1) for epoch in (0, 59, 60, 120, 160, 199)] == pytest.approx([0.1, 0.1, 0.02, 4e-3, 8e-4, 8e-4])


@pytest.mark.parametrize(
    ("change", "says"),
    [({"alpha": -0.1}, "alpha = -0.1"), ({"alpha": float("nan")}, "alpha = nan"), ({"features": "x"}, "features = 'x'")],
)
def test_a_bad_plan_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        TransformationPlan(**change)  # type: ignore[arg-type]


def test_imagenet_features_that_cannot_be_had_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torchvision.models.vgg16", offline)
    with pytest.raises(DataError, match=r"features = 'vgg16-relu1_2': .*no network.*; allowed offline is 'resnet20-block1'"):
        feature_network("vgg16-relu1_2")
