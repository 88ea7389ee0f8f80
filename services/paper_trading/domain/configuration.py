"""Whether a strategy's configuration can be used: the controller's own schema, and a sentence for each wrong field."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

Config = dict[str, Any]
Schema = Mapping[str, Any]

_BOUNDS = {
    "minimum": "must be at least {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMaximum": "must be less than {limit}",
    "minLength": "must have at least {limit} characters",
    "maxLength": "must have at most {limit} characters",
    "minItems": "must have at least {limit} entries",
    "maxItems": "must have at most {limit} entries",
}
_KINDS = {"array": "a list", "object": "an object with keys", "boolean": "true or false", "integer": "a whole number"}


def problems_of(schema: Schema, config: Config, strategy_type: str) -> list[str]:
    """One sentence for each wrong field; none when all is well."""
    found = [
        sentence
        for error in Draft202012Validator(dict(schema)).iter_errors(config)
        for sentence in _sentences(error, strategy_type)
    ]
    return sorted(dict.fromkeys(found))


def with_defaults(schema: Schema, config: Config) -> Config:
    """Everything that holds for this portfolio written out, so that a later default does not change it silently."""
    known: Mapping[str, Any] = schema.get("properties", {})
    return {**{name: each["default"] for name, each in known.items() if "default" in each}, **config}


def merged(config: Config, changes: Config) -> Config:
    """A given key replaces, null takes it back to the default."""
    kept = {name: value for name, value in config.items() if name not in changes}
    return kept | {name: value for name, value in changes.items() if value is not None}


def _sentences(error: ValidationError, strategy_type: str) -> Iterator[str]:
    where = ".".join(["strategy_config", *(str(part) for part in error.absolute_path)])
    if error.validator == "additionalProperties":
        schema: Any = error.schema
        given: Any = error.instance
        known = list(schema.get("properties", {}))
        for name in sorted(set(given) - set(known)):
            close = get_close_matches(name, known, n=1)
            hint = f"; perhaps you mean {close[0]}" if close else f"; it knows {', '.join(sorted(known))}"
            yield f"{where}.{name} is not a setting of {strategy_type}{hint}"
    elif error.validator == "enum":
        allowed: Any = error.validator_value
        yield f"{where} is {error.instance!r}; it must be one of {', '.join(map(str, allowed))}"
    elif error.validator == "const":
        yield f"{where} must be {error.validator_value}"
    elif error.validator == "type":
        yield f"{where} is {error.instance!r}; it must be {_article(str(error.validator_value))}"
    elif error.validator == "required":
        yield f"{where}: {error.message.replace(' is a required property', ' is missing')}"
    elif error.validator in ("anyOf", "oneOf"):
        yield from _alternatives(error, where, strategy_type)
    elif str(error.validator) in _BOUNDS:
        yield f"{where} is {error.instance!r}; it {_BOUNDS[str(error.validator)].format(limit=error.validator_value)}"
    else:
        yield f"{where} is {error.instance!r}, which cannot be used ({error.validator})"


def _alternatives(error: ValidationError, where: str, strategy_type: str) -> Iterator[str]:
    """Of several allowed forms, the complaints of those whose type fits; else which types there are."""
    fitting = [inner for inner in error.context or () if inner.validator not in ("type", "pattern")]
    if fitting:
        for inner in fitting:
            yield from _sentences(inner, strategy_type)
        return
    kinds = [str(inner.validator_value) for inner in error.context or () if inner.validator == "type"]
    allowed = [kind for kind in dict.fromkeys(kinds) if kind != "null"]
    if "number" in kinds and "string" in allowed:
        allowed.remove("string")  # decimals may also be written as text
    yield f"{where} is {error.instance!r}; it must be {' or '.join(map(_article, allowed)) or 'something else'}"


def _article(kind: str) -> str:
    words = {
        "array": "a list",
        "object": "an object with keys",
        "boolean": "true or false",
        "integer": "a whole number",
    }
    return words.get(kind, f"a {kind}")
