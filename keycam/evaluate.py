"""`keycam eval`: the plain, the keyed and the wrongly keyed network on the same test pictures."""

from typing import Any

from keycam.evaluate_classes import evaluate_classes
from keycam.evaluate_masks import evaluate_masks
from keycam.evaluation_plan import EvaluationPlan


def run_evaluation(plan: EvaluationPlan) -> dict[str, Any]:
    """Evaluate on the test pictures; the result as `--json` prints it.

    Every picture is one frame with a counter of its own. A throw-away master makes the keys, and another one the wrong
    keys. The plain network runs on the same codes without a key.
    """
    return evaluate_classes(plan) if plan.dataset == "cifar10" else evaluate_masks(plan)
