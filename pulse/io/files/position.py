"""Where to continue in a run of files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pulse.errors import ConnectorError

if TYPE_CHECKING:
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
        try:
            assert isinstance(data, dict)  # noqa: S101 - caught below
            position = cls(**data)
            numbers = (position.offset, position.line, position.index)
            assert isinstance(position.file, str)  # noqa: S101
            assert all(isinstance(each, int) and each >= 0 for each in numbers)  # noqa: S101
        except (AssertionError, TypeError):
            raise ConnectorError(f"{data!r} is not a position in a file") from None
        return position
