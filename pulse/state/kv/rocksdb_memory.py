"""What RocksDB may hold in memory, and the options that follow."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pulse.errors import MissingDependency, StateError

if TYPE_CHECKING:
    from types import ModuleType

_MIB = 1 << 20
_LEAST = 2 * _MIB


class RocksDbMemory:
    """The memory of one store, or of several that are given the same object.

    Blocks that were read (data, indexes and filters) and writes that are not in a file yet are charged to one
    account: both together stay near ``block_cache`` bytes.

    Args:
        block_cache: bytes in all.
        write_buffers: how many of these bytes may be writes that are in no file yet; past it they go to one.

    Raises:
        StateError: when the sizes make no sense.

    Example:
        >>> RocksDbMemory(block_cache=64 << 20, write_buffers=128 << 20)
        Traceback (most recent call last):
        ...
        pulse.errors.StateError: write_buffers of 134217728 bytes are not between 2097152 and the
        block_cache of 67108864 bytes, which they are a part of
    """

    def __init__(self, block_cache: int = 256 * _MIB, write_buffers: int = 96 * _MIB) -> None:
        if not _LEAST <= write_buffers <= block_cache:
            raise StateError(
                f"write_buffers of {write_buffers} bytes are not between {_LEAST} and the block_cache of "
                f"{block_cache} bytes, which they are a part of"
            )
        self.block_cache = block_cache
        self.write_buffers = write_buffers

    def options(self, *, max_open_files: int) -> Any:
        """Return rocksdict's ``Options`` of a store: bytes only, memory bounded by this."""
        rocks = load()
        options = rocks.Options(raw_mode=True)  # bytes as they are: values are never unpickled
        options.create_if_missing(True)  # noqa: FBT003 - rocksdict's own signatures, here and below
        options.set_max_open_files(max_open_files)
        options.set_write_buffer_manager(self._buffers)
        options.set_write_buffer_size(max(self.write_buffers // 3, _LEAST // 2))
        options.set_max_write_buffer_number(3)
        options.set_target_file_size_base(64 * _MIB)
        options.set_max_bytes_for_level_base(256 * _MIB)
        options.set_level_compaction_dynamic_level_bytes(True)
        options.set_max_background_jobs(2)
        options.set_compression_type(rocks.DBCompressionType.lz4())
        options.set_keep_log_file_num(2)
        options.set_max_log_file_size(_MIB)
        options.set_stats_dump_period_sec(0)
        table = rocks.BlockBasedOptions()
        table.set_block_cache(self._cache)
        table.set_block_size(16 * 1024)
        table.set_bloom_filter(10, False)  # noqa: FBT003
        table.set_cache_index_and_filter_blocks(True)
        table.set_pin_l0_filter_and_index_blocks_in_cache(True)
        table.set_format_version(5)
        options.set_block_based_table_factory(table)
        return options

    @cached_property
    def _cache(self) -> Any:
        return load().Cache(self.block_cache)

    @cached_property
    def _buffers(self) -> Any:
        manager = load().WriteBufferManager
        return manager.new_write_buffer_manager_with_cache(self.write_buffers, False, self._cache)  # noqa: FBT003


def load() -> ModuleType:
    """Import rocksdict, or say how to install it."""
    try:
        import rocksdict  # noqa: PLC0415 - optional
    except ImportError:
        raise MissingDependency.of("rocksdict", "rocksdb", purpose="keeping state in RocksDB") from None
    return rocksdict
