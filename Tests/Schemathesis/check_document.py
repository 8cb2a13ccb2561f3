#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Validates the OpenAPI document by the specification's own schema, and every example in it by the schema it stands beside.

    check_document.py http://127.0.0.1:3000/platform/openapi.json
"""

import json
import sys
import urllib.request

import jsonschema_rs
from openapi_spec_validator import OpenAPIV31SpecValidator


def examples(node, place=""):
    """Every (place, schema, example) below a node that has a schema."""
    if isinstance(node, list):
        for index, element in enumerate(node):
            yield from examples(element, f"{place}/{index}")
    if not isinstance(node, dict):
        return
    if isinstance(node.get("schema"), dict):
        if "example" in node:
            yield place, node["schema"], node["example"]
        for name, example in node.get("examples", {}).items():
            yield f"{place}/{name}", node["schema"], example["value"]
    elif isinstance(node.get("examples"), list):
        for example in node["examples"]:
            yield place, {key: value for key, value in node.items() if key != "examples"}, example
    for key, value in node.items():
        if key not in ("example", "examples"):
            yield from examples(value, f"{place}/{key}")


def main(url):
    with urllib.request.urlopen(url) as answer:
        document = json.load(answer)
    complaints = [f"{'/'.join(map(str, e.path))}: {e.message}" for e in OpenAPIV31SpecValidator(document).iter_errors()]
    count = 0
    for place, schema, example in examples(document):
        count += 1
        if place.endswith("x-ndjson"):
            continue
        # Beside the schema stand the components that it refers to.
        whole = {**schema, "components": document["components"]}
        validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        complaints += [f"{place}: the example is at fault: {error.message}" for error in validator.iter_errors(example)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(document['paths'])} paths, {count} examples")
    return 1 if complaints or count < 60 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
