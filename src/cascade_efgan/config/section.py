"""What every section of the settings is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Size = Annotated[tuple[int, int], Field(min_length=2, max_length=2)]
Positive = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]
#: A share that may be 0; one that may be 0 or 1.
Part = Annotated[float, Field(ge=0, lt=1)]
Level = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A group of settings: unknown keys are refused, values never change after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def names(cls) -> list[str]:
        """The keys of the group as a reader meets them: single settings, then groups."""
        return sorted(cls.model_fields, key=lambda name: isinstance(cls.model_fields[name].default, Section))
