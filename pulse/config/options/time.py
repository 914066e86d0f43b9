"""The [time] table: lateness and watermarks of the whole pipeline."""

from typing import Annotated, Literal

from pydantic import Field

from pulse.config.options.base import Options
from pulse.config.options.texts import Duration, Length
from pulse.model.watermarks import BoundedOutOfOrderness


class TimeOptions(Options):
    """How late records may be, and when windows fire."""

    allowed_lateness: Annotated[
        Duration, Field(description="How long after its end a window still takes late records.")
    ] = "0s"
    max_out_of_orderness: Annotated[
        Duration | None,
        Field(
            description="How far records may come behind the latest time seen. Left out, a file fires its "
            "windows when it ends, so that results are exact; a source that never ends uses 0s."
        ),
    ] = None
    accumulation: Annotated[
        Literal["accumulating", "discarding"] | None,
        Field(
            description="What a late firing gives: the whole window again (accumulating) or only what is new "
            "(discarding). Needed with max_out_of_orderness and allowed_lateness."
        ),
    ] = None
    idle_timeout: Annotated[
        Length | None,
        Field(description="After this long without records a source no longer holds the others back."),
    ] = None


class WatermarkOptions(Options):
    """Options of whatever gives records their event times; they stand over those of [time]."""

    max_out_of_orderness: Annotated[
        Duration | None, Field(description="How far records may come behind the latest time seen.")
    ] = None
    idle_timeout: Annotated[
        Length | None, Field(description="After this long without records the others are not held back.")
    ] = None

    def delay(self, time: TimeOptions) -> str | None:
        """Return how far records may come behind, when that is stated."""
        return self.max_out_of_orderness or time.max_out_of_orderness

    def watermarks(self, time: TimeOptions, *, bounded: bool) -> BoundedOutOfOrderness | None:
        """Return the watermark strategy; None where the end of the input is the only promise."""
        delay = self.delay(time)
        if delay is None and bounded:
            return None
        return BoundedOutOfOrderness(delay or "0s", self.idle_timeout or time.idle_timeout)
