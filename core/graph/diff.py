"""What changed between two networks, so that views touch only that."""

from dataclasses import dataclass

from core.graph.network import Edge, Network


@dataclass(frozen=True)
class Diff:
    """Ids of nodes that were added, removed or changed (settings, name or place); wires that came and went."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    connected: tuple[Edge, ...] = ()
    cut: tuple[Edge, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.connected or self.cut)


def diff(old: Network, new: Network) -> Diff:
    """The differences; unchanged nodes are recognised by being the same object."""
    if old is new:
        return Diff()
    added = tuple(key for key in new.nodes if key not in old.nodes)
    removed = tuple(key for key in old.nodes if key not in new.nodes)
    changed = tuple(key for key, node in new.nodes.items()
                    if (before := old.nodes.get(key)) is not None and before is not node and before != node)
    if old.edges == new.edges:
        return Diff(added, removed, changed)
    before_edges, after_edges = set(old.edges), set(new.edges)
    return Diff(added, removed, changed, tuple(edge for edge in new.edges if edge not in before_edges),
                tuple(edge for edge in old.edges if edge not in after_edges))
