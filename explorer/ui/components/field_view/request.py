"""What the browser asks of the field view: which unit, of which layer, in which mode."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, ValidationError

from explorer.ui.components.field_view.samples import IMAGES

Fraction = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class FieldViewRequest(BaseModel):
    """What the visitor looks at, sent once he or she pauses, so that no edit waits for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The layer and its surroundings that the browser had before it.
    of: Annotated[str, Field(max_length=100)] = ""
    mode: Literal["exact", "effective", "arithmetic"] = "exact"
    # The unit's place on the map, so that it stays in place on every layer.
    at: tuple[Fraction, Fraction] = (0.5, 0.5)
    channel: Annotated[StrictInt, Field(ge=0, le=65535)] = 0
    # Effective: of all channels together; None: of a map yes, of a vector no.
    together: StrictBool | None = None
    image: Annotated[StrictInt, Field(ge=0, lt=IMAGES)] = 0
    trained: StrictBool = True  # where a run of this network exists
    holds: Annotated[str, Field(max_length=100)] = ""  # the picture that the browser has already
    # Input channel that the arithmetic begins with.
    first: Annotated[StrictInt, Field(ge=0, le=65535)] = 0


def parse_request(sent: object) -> FieldViewRequest | None:
    try:
        return FieldViewRequest.model_validate(sent)
    except ValidationError:
        return None


def unit_at(request: FieldViewRequest, rows: int, columns: int) -> tuple[int, int]:
    """The unit of a map of so many that the visitor points at."""
    return int(request.at[0] * rows), int(request.at[1] * columns)
