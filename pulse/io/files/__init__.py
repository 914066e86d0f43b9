"""Files as byte streams: found, opened, decompressed, cut into blocks of whole records, followed."""

from pulse.io.files.cutter import Text, TextFormat
from pulse.io.files.locate import Located, Path, locate
from pulse.io.files.source import TextFiles

__all__ = ["Located", "Path", "Text", "TextFiles", "TextFormat", "locate"]
