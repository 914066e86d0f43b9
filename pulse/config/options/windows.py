"""What a window is: shared by the [window] table and by steps of type window."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pulse.config.options.base import Options, translated, wrong
from pulse.config.options.firing import FiringOptions
from pulse.config.options.texts import Duration, Length
from pulse.errors import PulseError
from pulse.model.windows import Calendar, Global, Session, Sliding, Tumbling, WindowKind

WindowName = Literal["tumbling", "sliding", "session", "calendar", "global"]

_TAKES: dict[str, tuple[type[Any], tuple[str, ...], tuple[str, ...]]] = {
    "tumbling": (Tumbling, ("size",), ("offset",)),
    "sliding": (Sliding, ("size", "slide"), ("offset",)),
    "session": (Session, ("gap",), ()),
    "calendar": (Calendar, ("unit",), ("time_zone",)),
    "global": (Global, (), ()),
}
"""The parameters of each window: those it needs, and those it may have."""

_EXAMPLES = {"size": "'60s'", "slide": "'15s'", "gap": "'30s'", "unit": "'day'"}
_PARAMETERS = ("size", "slide", "offset", "gap", "unit", "time_zone")


class WindowShape(Options):
    """The parameters of windows."""

    size: Annotated[Length | None, Field(description="Length of tumbling and sliding windows.")] = None
    slide: Annotated[Length | None, Field(description="Distance between the starts of sliding windows.")] = (
        None
    )
    offset: Annotated[Duration | None, Field(description="Shift of every start.")] = None
    gap: Annotated[Length | None, Field(description="The silence that ends a session.")] = None
    unit: Annotated[
        Literal["day", "week", "month", "year"] | None, Field(description="Of calendar windows.")
    ] = None
    time_zone: Annotated[str | None, Field(description="Of calendar windows; UTC by default.")] = None

    which: ClassVar[str]
    """The key that says which window it is."""

    @property
    def kind(self) -> str:
        """Which window it is."""
        kind: str = getattr(self, self.which)
        return kind

    def build_window(self) -> WindowKind:
        """Return the window that the options describe."""
        make, needed, optional = _TAKES[self.kind]
        given = {name: getattr(self, name) for name in (*needed, *optional)}
        window: WindowKind = make(**{name: value for name, value in given.items() if value is not None})
        return window

    @model_validator(mode="after")
    def _has_its_parameters(self) -> Self:
        _, needed, optional = _TAKES[self.kind]
        for name in needed:
            if getattr(self, name) is None:
                raise wrong(f"a {self.kind} window needs {name}", hint=f"add: {name} = {_EXAMPLES[name]}")
        for name in _PARAMETERS:
            if getattr(self, name) is not None and name not in (*needed, *optional):
                takes = ", ".join((*needed, *optional)) or "nothing"
                raise wrong(f"a {self.kind} window has no {name}; it takes: {takes}", key=name)
        try:
            self.build_window()
        except PulseError as error:
            raise translated(error) from None
        return self


class WindowOptions(FiringOptions, WindowShape):
    """The [window] table: the window of [ops]."""

    which: ClassVar[str] = "type"

    type: Annotated[WindowName, Field(description="Which window.")]
