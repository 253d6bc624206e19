"""Policies by name, with a word on standard error about what the chosen one does not protect."""

import typer

from adc import POLICIES, ReadoutPolicy


def named_policy(name: str) -> ReadoutPolicy:
    """The readout policy called `name`. Raises `ValueError` for an unknown one."""
    if name not in POLICIES:
        raise ValueError(f"policy = {name!r}: allowed is {', '.join(POLICIES)}")
    return POLICIES[name]


def name_of(policy: ReadoutPolicy) -> str:
    """What a policy is called, or in words where it has no name."""
    return next((name for name, known in POLICIES.items() if known == policy), described(policy))


def described(policy: ReadoutPolicy) -> str:
    """A policy in words, such as "full order, fresh for each frame, masked"."""
    refresh = "fresh for each frame" if policy.refresh == "frame" else "the same for all frames"
    return f"{policy.order} order, {refresh}, {'masked' if policy.mask else 'no mask'}"


def caution(name: str) -> None:
    """Say on standard error what the policy `name` does not protect, if there is something."""
    sentence = named_policy(name).caution
    if sentence:
        typer.echo(f"keycam: policy {name}: {sentence}", err=True)
