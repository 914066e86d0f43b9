"""What is said at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.cli.figures import show_rate, show_seconds
from pulse.model.time import format_time

if TYPE_CHECKING:
    from pulse.runners.result import RunResult

_MAX_NAMES = 5


def as_text(result: RunResult) -> str:
    """Return the summary for people.

    Example:
        >>> from pulse.runners.result import RunResult
        >>> print(as_text(RunResult(seconds=1.5, written=("out/a.parquet",))))
        done in 1.50 s: 0 records in (0/s), 0 out, 0 late, 0 errors
        wrote out/a.parquet
    """
    end = "stopped after" if result.interrupted else "done in"
    first = (
        f"{end} {show_seconds(result.seconds)}: {result.records_in:,} records in "
        f"({show_rate(result.records_in, result.seconds)}), {result.records_out:,} out, "
        f"{result.late:,} late, {result.errored:,} errors"
        + (f", {result.dropped:,} dropped" if result.dropped else "")
    )
    lines = [first, *(f"wrote {name}" for name in result.written[:_MAX_NAMES])]
    if len(result.written) > _MAX_NAMES:
        lines.append(f"and {len(result.written) - _MAX_NAMES:,} more")
    return "\n".join(lines)


def as_data(result: RunResult) -> dict[str, Any]:
    """Return the summary for programs: plain data, with the ledger of every step."""
    return {
        "interrupted": result.interrupted,
        "seconds": round(result.seconds, 6),
        "records_in": result.records_in,
        "records_out": result.records_out,
        "records_per_second": round(result.records_in / result.seconds) if result.seconds else None,
        "late": result.late,
        "errors": result.errored,
        "dropped": result.dropped,
        "bytes_in": result.bytes_in,
        "bytes_out": result.bytes_out,
        "watermark": format_time(result.watermark),
        "written": list(result.written),
        "steps": {name: step.as_dict() for name, step in result.ledger.items()},
    }
