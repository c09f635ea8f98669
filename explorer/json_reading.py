"""What everything that reads JSON from outside shares: decoding within a limit, and showing a value
in an error.
"""

import json
from collections.abc import Callable
from typing import Any


def decode_json(
    text: str | bytes, what: str, limit: int, refuse: Callable[[str], Exception]
) -> Any:
    """The decoded object of a JSON text of at most `limit` characters.

    Raises what `refuse` makes of a sentence on what is wrong.
    """
    if len(text) > limit:
        raise refuse(f"the text has {len(text):,} characters; {what} has at most {limit:,}")
    try:
        data = json.loads(text)
    except RecursionError:
        raise refuse(f"not JSON that can be read: {TOO_DEEP}") from None
    except UnicodeDecodeError:
        raise refuse("not JSON: the file is not text in UTF-8") from None
    except json.JSONDecodeError as error:
        raise refuse(
            f"not JSON: it cannot be read on from line {error.lineno}, column {error.colno}"
        ) from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise refuse("not JSON that can be read: a number has too many digits") from None
    check_depth(data, refuse)
    return data


MAX_DEPTH = 40  # of lists and objects in each other; a network of today nests five of them
TOO_DEEP = "brackets are nested too deeply"


def check_depth(data: Any, refuse: Callable[[str], Exception]) -> None:
    """Raises what `refuse` makes if lists and objects are nested more than MAX_DEPTH deep.

    To be called first on data that was decoded elsewhere: validating or printing it walks as deep
    as the data, and would overflow the call stack.
    """
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inside
            for each in level
            if isinstance(each, list | dict)
            for inside in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise refuse(TOO_DEEP)


def shown(value: Any) -> str:
    """A value as an error quotes it: as JSON, cut if it is long, with \\u… for invisible
    characters.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return "brackets nested too deeply"
    text = text if len(text) <= 60 else text[:57] + "..."
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)
