"""Key-value state: an ordered map of bytes to bytes, in memory or in RocksDB.

``base`` says what a store does, ``memory`` and ``rocksdb`` do it, ``scoped`` lets many steps share one store.
``pulse.testing.state.check_state`` checks the contract on any of them.
"""
