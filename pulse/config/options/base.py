"""What all option models share: frozen, unknown keys refused with a suggestion."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from pulse.errors import PulseError, did_you_mean


class Options(BaseModel):
    """A table of the config file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def keys(cls) -> list[str]:
        """Return the keys that the table may have, as they are written."""
        return sorted(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="before")
    @classmethod
    def _know_keys(cls, data: Any) -> Any:
        known = cls.keys()
        for key in data if isinstance(data, dict) else ():
            if key not in known:
                raise wrong(
                    f"unknown key; keys here: {', '.join(known)}", hint=did_you_mean(key, known), key=key
                )
        return data


def wrong(message: str, *, hint: str | None = None, key: str | None = None) -> PydanticCustomError:
    """Return a validation error in Pulse's words.

    Args:
        message: one lower-case sentence, without the key it is about.
        hint: the way out.
        key: the key of the validated table that it is about.
    """
    # The text goes in as data, for pydantic would read braces in a template.
    return PydanticCustomError("pulse", "{message}", {"message": message, "hint": hint, "key": key})


def translated(error: PulseError, *, key: str | None = None) -> PydanticCustomError:
    """Return an error of the layers below as a validation error."""
    return wrong(error.message, hint=error.hint, key=key)
