"""What pydantic finds wrong with data from outside, in words for whoever made that data."""

from typing import Any

from pydantic import ValidationError

from explorer.json_reading import shown

# By pydantic's type of error; {…} are its own numbers.
SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "contains an unpaired surrogate",
    "string_pattern_mismatch": "has characters that do not belong there",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dataclass_type": "must be an object",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "json_invalid": "is not JSON: {error}",
    "value_error": "{error}",  # our own sentence, from a validator of ours
}
WITHOUT_VALUE = (
    "missing",
    "extra_forbidden",
    "json_invalid",
    "value_error",
    "too_long",
    "too_short",
)


def describe_fault(error: ValidationError, whole: str) -> str:
    """The first fault with its place: "epochs must be a whole number; this has null".

    `whole` is what the data as a whole are called, for a fault that has no place in them.
    """
    first: Any = error.errors(include_url=False)[0]
    found = first["type"]
    sentence = SENTENCES.get(found, "will not do").format_map(first.get("ctx", {}))
    if found == "value_error":
        return f"{place(first['loc'])}: {sentence}" if first["loc"] else sentence
    text = f"{place(first['loc']) or whole} {sentence}"
    return text if found in WITHOUT_VALUE else f"{text}; this has {shown(first['input'])}"


def place(location: tuple[int | str, ...]) -> str:
    """("layers", 3, "p") -> "layers.3.p"; a name that is too long or cannot be printed as `shown`
    has it.
    """
    return ".".join(part if is_plain(part) else shown(part) for part in map(str, location))


def is_plain(text: str) -> bool:
    return len(text) <= 60 and text.isprintable()
