"""The shape of a function that is set up, called for bundles of records, and taken down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class DoFn(ABC):
    """A person's function with a life cycle, in the shape that Beam calls ``DoFn``; goes into ``ParDo``.

    The order of calls is ``setup``, then for each bundle ``start_bundle``, ``process`` for each record and
    ``finish_bundle``, and ``teardown`` at the end of the input or when a call has raised. Every replica works
    with a deep copy of its own, made before ``setup``. A run that is killed does not call ``teardown``.

    How records are cut into bundles is nobody's promise: it differs between runs. So what ``finish_bundle``
    yields must be such that the cut makes no difference in the end (a buffer that is flushed, a request for
    many records at once), and nothing may be kept from bundle to bundle, for it is in no checkpoint.

    Example:
        >>> from pulse import Create, DeterministicRunner, ParDo, Pipeline
        >>> class Scale(DoFn):
        ...     def setup(self):
        ...         self.factor = 10
        ...
        ...     def process(self, record):
        ...         yield record * self.factor
        >>> p = Pipeline()
        >>> out = p | Create([1, 2]) | ParDo(Scale())
        >>> DeterministicRunner().run(p).records(out)
        [10, 20]

    Source: Apache Beam, ``DoFn``.
    """

    def setup(self) -> None:  # noqa: B027 - there need be nothing to do
        """Open what the function needs, such as a connection; called once before anything else."""

    def start_bundle(self) -> None:  # noqa: B027 - as above
        """Get ready for a bundle of records."""

    @abstractmethod
    def process(self, record: Any, /, *args: Any, **sides: Any) -> Iterable[Any] | None:
        """Return what comes of a record: an iterable of records, or None for nothing.

        Args:
            record: the record.
            args: its ``RecordContext``, when ``ParDo`` was told ``context=True``.
            sides: the side inputs by name.
        """

    def finish_bundle(self) -> Iterable[Any] | None:
        """Return what is left to emit, each as ``Timestamped(record, time)``, or ``Tagged`` of that."""
        return None

    def teardown(self) -> None:  # noqa: B027 - as above
        """Close what ``setup`` opened."""
