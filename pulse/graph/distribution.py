"""Where each step runs when keyed steps have replicas, and how records get there.

What is decided here is *where*, never *what*: a step may run on replicas only when nothing after it can tell.

- Reading, writing and steps whose outcome depends on the order of all records run on one replica; so do
  functions with side inputs, which need the whole of them.
- An aggregation by key runs on replicas, and so does a process with state: every record of a key reaches the
  same one. Records are dealt by the hash of the key, unless they are dealt already by fields that the key
  includes.
- A join runs on replicas too, each input dealt by its own key fields.
- An expensive step (a person's Python function) on a keyed collection runs on replicas too: records are
  dealt in front of it. Cheap steps stay in front of the exchange, where filters and pre-aggregation make it
  smaller.
- What replicas give is brought together again wherever a step needs all of it. The order between replicas is
  then any. So a step is not spread when a step that would notice comes after: a late record is judged by the
  watermark of all inputs, a person's own aggregate or process and ``collect`` see the order of arrival,
  and ``WithTimestamps`` makes watermarks of it. A merge of several collections has no order to keep in any
  case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pulse.graph.logical import Port
from pulse.graph.ops import (
    ERRORS,
    LATE,
    AggregateOp,
    CallOp,
    FlattenOp,
    FunctionOp,
    JoiningOp,
    KeyByOp,
    MetadataOp,
    ProcessOp,
    ProjectOp,
    ReadOp,
    TimestampOp,
    ToRowsOp,
    WriteOp,
)
from pulse.graph.ops.grouping import takes_custom
from pulse.model.watermarks import EndOnly
from pulse.model.windows import Global, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.graph.collection import CollectionType
    from pulse.graph.logical import Graph, Node
    from pulse.graph.ops import Op

Share: TypeAlias = tuple[str, ...] | None
"""How records are shared out: None, one replica has all; fields, by their hash; ``()``, by none they have."""

SCATTERED: Share = ()

EXPENSIVE = 50
"""A step that costs at least this per record is worth an exchange in front of it."""


@dataclass(frozen=True)
class Place:
    """Where a step runs.

    Args:
        share: what each replica has of its input; None: there is one replica, which has all.
        deals: for each input, the fields by whose hash its records are dealt to the replicas; None where
            they stay on the replica they are on, or are brought together on the one there is.
    """

    share: Share
    deals: tuple[Share, ...] = ()


def distribute(graph: Graph) -> Mapping[str, Place]:
    """Return where each step runs when keyed steps have replicas.

    Example:
        >>> from pulse import Aggregate, Create, KeyBy, Map, Pipeline, count
        >>> p = Pipeline()
        >>> users = p | Create([{"user": "a"}]) | KeyBy("user")
        >>> _ = users | "slow" >> Map(lambda r: r, preserves=["user"]) | "count" >> Aggregate(n=count())
        >>> found = distribute(p.graph)
        >>> found["KeyBy(user)"].share, found["slow"], found["count"]
        (None, Place(share=('user',), deals=(('user',),)), Place(share=('user',), deals=(None,)))
    """
    return _Distribution(graph).places


def needs_keys(node: Node) -> bool:
    """Return whether a step uses the keys of its input: it groups by them, or is dealt by them."""
    op = node.op
    if isinstance(op, KeyByOp | WriteOp | JoiningOp) or (
        isinstance(op, FunctionOp) and op.shape == "inspect"
    ):
        return False
    return LATE in op.outputs() or op.cost() >= EXPENSIVE


class _Distribution:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.places: dict[str, Place] = {}
        self.shares: dict[Port, Share] = {}
        self._spreadable: dict[tuple[str, Share], bool] = {}
        for node in graph.order:
            found = [self.shares[port] for port in node.inputs]
            share = self._share(node, found)
            wants = [
                node.op.keys_of(i) if share and isinstance(node.op, JoiningOp) else share
                for i in range(len(found))
            ]
            deals = tuple(
                want if want and have != want else None for want, have in zip(wants, found, strict=True)
            )
            self.places[node.name] = Place(share, deals)
            for tag in node.op.outputs():
                self.shares[Port(node.name, tag)] = share and kept(node.op, tag, share)

    def _share(self, node: Node, found: list[Share]) -> Share:
        op = node.op
        if isinstance(op, ReadOp | WriteOp) or not found or (isinstance(op, CallOp) and op.views):
            return None
        if isinstance(op, FlattenOp):
            return self._merged(node, found)
        have, keys = found[0], self.graph.types[node.inputs[0]].keys
        if isinstance(op, AggregateOp | ProcessOp | JoiningOp):
            if isinstance(op, JoiningOp):
                have, keys = None, op.keys
            if not keys:
                return None
            share = have if have and set(have) <= set(keys) else keys
            return share if self._may_spread(node, share) else None
        if have is None:
            return keys if keys and self._pays(node) and self._may_spread(node, keys) else None
        return None if makes_watermarks(op) else have

    def _merged(self, node: Node, found: list[Share]) -> Share:
        if None not in found:
            return found[0] if all(have == found[0] for have in found) else SCATTERED
        shares = {have for have in found if have is not None}
        keys = set(self.graph.types[Port(node.name)].keys or ())
        # What is not dealt yet can be dealt as the rest is, when all of it has these keys.
        share = shares.pop() if len(shares) == 1 else None
        return share if share and set(share) <= keys else None

    def _pays(self, node: Node) -> bool:
        """Return whether a step is worth an exchange; so is making rows for one that is."""
        if isinstance(node.op, ToRowsOp):
            readers = self.graph.readers(Port(node.name))
            return len(readers) == 1 and self._pays(readers[0][0])
        return needs_keys(node) and node.op.cost() >= EXPENSIVE

    def _may_spread(self, node: Node, share: Share) -> bool:
        """Return whether nothing after a step can tell that it runs on replicas."""
        key = node.name, share
        if key not in self._spreadable:
            before = self.graph.types[node.inputs[0]]
            late = any(self.graph.types[port].late_possible for port in node.inputs)
            if isinstance(node.op, AggregateOp | JoiningOp):
                late = late and before.windowing.lateness_us > 0
            held = holds_by_key(node.op, before) and any(
                self._judged(Port(node.name, tag)) for tag in node.op.outputs()
            )
            self._spreadable[key] = not held and all(
                self._unnoticed(
                    Port(node.name, tag),
                    kept(node.op, tag, share),
                    late=before.late_possible if tag == LATE else late,
                )
                for tag in node.op.outputs()
            )
        return self._spreadable[key]

    def _judged(self, port: Port) -> bool:
        """Return whether a step after a collection judges how late records are."""
        return any(
            LATE in reader.op.outputs()
            or any(self._judged(Port(reader.name, tag)) for tag in reader.op.outputs())
            for reader, _ in self.graph.readers(port)
        )

    def _unnoticed(self, port: Port, share: Share, *, late: bool) -> bool:
        """Return whether no step after a collection can tell that it comes from replicas.

        Args:
            port: the collection.
            share: the fields that it is still dealt by.
            late: whether its records may be behind their watermark.
        """
        for reader, position in self.graph.readers(port):
            op = reader.op
            if makes_watermarks(op) or _looks(op, position, self.graph.types[port]):
                return False
            if isinstance(op, JoiningOp):
                if not self._joined_unnoticed(reader, op, position, share, late=late):
                    return False
                continue
            if isinstance(op, AggregateOp | ProcessOp):
                before = self.graph.types[port]
                if share and set(share) <= set(before.keys or ()) and self._may_spread(reader, share):
                    continue
                # What a person's process remembers depends on the order of arrival.
                if isinstance(op, ProcessOp) or _notices(op, before, late=late):
                    return False
                # Its results are none the less made in the order in which their keys arrived.
                if not self._unnoticed(Port(reader.name), SCATTERED, late=False):
                    return False
            elif not (
                isinstance(op, WriteOp) or (isinstance(op, FlattenOp) and len(reader.inputs) > 1)
            ) and not all(
                self._unnoticed(Port(reader.name, tag), kept(op, tag, share), late=late)
                for tag in op.outputs()
            ):
                return False
        return True

    def _joined_unnoticed(
        self, node: Node, op: JoiningOp, position: int, share: Share, *, late: bool
    ) -> bool:
        """Return whether no step from a join on can tell that an input of it comes from replicas.

        A join meets the records of a key in the order in which they come, each with its watermark; that is
        kept when they are together on one replica.
        """
        together = bool(share) and set(share or ()) <= set(op.keys_of(position))
        if not together and (late or op.order_matters):
            return False
        return all(self._unnoticed(Port(node.name, tag), SCATTERED, late=late) for tag in op.outputs())


def holds_by_key(op: Op, before: CollectionType) -> bool:
    """Return whether a step holds its output watermark back as its keys need it.

    One replica holds for all keys, several each for their own. (What a join holds depends on the watermarks
    of its inputs alone.)
    """
    if isinstance(op, AggregateOp):
        sessions = isinstance(before.windowing.window, Session)
        return sessions and before.windowing.timestamp != "end_of_window"
    return isinstance(op, ProcessOp) and bool(op.declared.timers)


def makes_watermarks(op: Op) -> bool:
    """Return whether a step makes watermarks of the order in which it sees all records."""
    return isinstance(op, TimestampOp) and not isinstance(op.watermarks, EndOnly)


def _looks(op: Op, position: int, before: CollectionType) -> bool:
    """Return whether a step looks at the order of all records of an input, or at their watermarks."""
    if isinstance(op, CallOp):
        return position > 0 or (bool(op.views or op.context) and before.late_possible)
    watermark = isinstance(op, MetadataOp) and any(what == "watermark" for _, what in op.columns)
    return watermark and before.late_possible


def _notices(op: AggregateOp, before: CollectionType, *, late: bool) -> bool:
    """Return whether an aggregation over all replicas depends on the order between them."""
    ordered = any(takes_custom(agg) or agg.kind == "collect" for _, agg in op.aggregates)
    late = late and not isinstance(before.windowing.window, Global)
    return ordered or late or not before.windowing.by_default


def kept(op: Op, tag: str, share: Share) -> Share:  # noqa: PLR0911 - a case per kind of step
    """Return the fields by which an output of a step is still dealt, given those of its input.

    Example:
        >>> from pulse.model.expressions import col
        >>> rename = ProjectOp((("a", col("a")), ("b", col("c"))), keep=False)
        >>> kept(rename, "main", ("a",)), kept(rename, "main", ("b",)), kept(rename, "main", ("c",))
        (('a',), (), ())
    """
    if isinstance(op, JoiningOp):
        return share if tag != LATE and share and set(share) <= set(op.keys) else SCATTERED
    if not share or tag == LATE:
        return share
    if tag == ERRORS:
        return SCATTERED
    if isinstance(op, AggregateOp):
        return share  # an aggregation runs on a share of its keys, and its results have them
    if isinstance(op, ProjectOp) and not op.keep:
        same = {name for name, _ in op.columns} - (op.changes() or set())
        return share if set(share) <= same else SCATTERED
    if isinstance(op, ProcessOp) and op.adds is not None:
        return share
    if isinstance(op, ProcessOp) or (isinstance(op, FunctionOp) and not op.keeps_records):
        return share if set(share) <= op.preserves else SCATTERED
    changed = op.changes()
    return share if changed is not None and changed.isdisjoint(share) else SCATTERED
