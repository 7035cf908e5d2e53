"""The service against its own schema, by requests that schemathesis makes up."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok
from serving import Server, serving

from recsys_cli.recommend.conversation import FIELDS, SIMILAR_FIELDS


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[Server]:
    with serving(workspace) as started:
        yield started


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_reply_is_as_the_schema_says(server: Server, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    operations: list[Any] = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == 6
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and operation.path == "/health":
            continue  # which takes nothing that could be wrong

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def ask(case: Any) -> None:
            response = case.call()
            if response.status_code == 413:
                return  # too long to be looked at
            # Which titles, genres and users there are is the model's matter, and not in the schema.
            case.validate_response(response, excluded_checks=[checks.positive_data_acceptance])

        ask()


def test_the_schema_has_every_field(server: Server) -> None:
    paths = server.get("/openapi.json").json["paths"]
    assert set(paths) == {"/recommend", "/similar", "/movies", "/health"}
    for path, fields in (("/recommend", FIELDS), ("/similar", SIMILAR_FIELDS)):
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert tuple(body["properties"]) == fields
        named = {parameter["name"] for parameter in paths[path]["get"]["parameters"]}
        assert named == set(fields) - {"ratings", "attributes"}
