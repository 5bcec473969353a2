"""Validates scenario files against the JSON Schema, reading YAML as editors do (1.2: only true, false, numbers, null).

  schema.py SCHEMA FILE...     a line for each file that is refused: FILE: where: why; exit status 1 if there is one

Exit status 77 where python3-jsonschema or python3-yaml is missing.
"""
import json
import re
import sys

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"schema.py: {missing}")
    sys.exit(77)


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema; a key that is given twice is a mistake."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"key '{key}' given twice")
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"null|~|", ["n", "~", ""]),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def refusal(validator, path):
    """Why the file is refused, or None."""
    with open(path, "rb") as file:
        try:
            documents = list(yaml.load_all(file.read(), Loader=Loader))
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError) as error:
            return f"not YAML: {str(error).splitlines()[0]}"
    if len(documents) > 1:
        return "several documents"
    error = jsonschema.exceptions.best_match(validator.iter_errors(documents[0] if documents else None))
    if error is None:
        return None
    where = "/".join(str(part) for part in error.absolute_path)
    return f"{where or 'top'}: {error.message[:160]}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    refused = 0
    for path in sys.argv[2:]:
        why = refusal(validator, path)
        if why is not None:
            print(f"{path}: {why}")
            refused += 1
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
