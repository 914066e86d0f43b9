"""Where to continue in a run of files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

from pulse.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import DataclassInstance

    from pulse.io.base import Json


@dataclass(frozen=True, slots=True)
class FilePosition:
    """The place before the next record.

    Args:
        file: name of the file.
        offset: bytes before the record; decompressed bytes when the file is compressed.
        line: lines before the record.
        index: number of files before this one, so that a file that appears among them later is noticed.
        inode: identity of a followed file, so that its rotation is noticed.
    """

    file: str
    offset: int = 0
    line: int = 0
    index: int = 0
    inode: int | None = None

    def as_json(self) -> Json:
        """Return the position as plain data, as it stands in a checkpoint."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, data: Json) -> FilePosition:
        """Read a position back.

        Raises:
            ConnectorError: when it is not the position of a file.

        Example:
            >>> FilePosition.from_json(FilePosition("a.csv", 10, 2).as_json())
            FilePosition(file='a.csv', offset=10, line=2, index=0, inode=None)
        """
        return read_position(cls, data, "a file")


PositionT = TypeVar("PositionT", bound="DataclassInstance")


def read_position(kind: type[PositionT], data: Json, what: str) -> PositionT:
    """Read a position back: its file is text, and all else are numbers that are not negative.

    Args:
        kind: its dataclass.
        data: what a checkpoint holds.
        what: what it is a position in, for the message.

    Raises:
        ConnectorError: when it is not such a position.
    """
    try:
        assert isinstance(data, dict)  # noqa: S101 - caught below
        position = kind(**data)
        values = asdict(position)
        assert isinstance(values.pop("file"), str)  # noqa: S101
        assert all(value is None or (type(value) is int and value >= 0) for value in values.values())  # noqa: S101
    except (AssertionError, KeyError, TypeError):
        raise ConnectorError(f"{data!r} is not a position in {what}") from None
    return position


def resume_at(names: Sequence[str], file: str, index: int) -> int:
    """Return which of the files is the one to continue with.

    Args:
        names: the files there are now, in order.
        file: the file to continue with.
        index: how many files came before it when the position was taken.

    Raises:
        ConnectorError: when it is gone, or when files appeared before it, which would never be read.
    """
    if file not in names:
        raise ConnectorError(
            f"file {file!r}, where reading should continue, is not among the files any more",
            hint="put it back, or start without the checkpoint",
            where=file,
        )
    now = names.index(file)
    if now > index:
        raise ConnectorError(
            f"files appeared before {file!r}, where reading should continue: there were {index}, now there "
            f"are {now}, and the new ones would never be read",
            hint="give new files names that sort behind the ones already there",
            where=file,
        )
    return now
