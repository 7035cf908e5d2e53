"""The typed calls of a client are those that pymilvus has."""

import inspect

import pytest
from pymilvus import MilvusClient

from recsys_cli.store.client import Client

CALLS = [name for name in vars(Client) if not name.startswith("_")]


@pytest.mark.parametrize("name", CALLS)
def test_a_typed_call_is_one_of_pymilvus(name: str) -> None:
    ours = inspect.signature(getattr(Client, name)).parameters
    theirs = inspect.signature(getattr(MilvusClient, name)).parameters
    takes_any = any(one.kind is one.VAR_KEYWORD for one in theirs.values())
    positional = [one for one in ours if ours[one].kind is ours[one].POSITIONAL_OR_KEYWORD]
    assert list(theirs)[: len(positional)] == positional
    assert takes_any or set(ours) <= set(theirs)
    assert name == "close" or "timeout" in ours
