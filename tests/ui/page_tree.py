"""The page as a browser knows it: what Streamlit's page (1.67) makes of the server's messages.

After AppRoot.applyDelta, its SetNodeByDeltaPathVisitor and ClearStaleNodeVisitor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


class Broken(Exception):
    """The browser gives up the page: a message does not fit into it."""


@dataclass
class Node:
    kind: str
    run: str = ""  # that drew it
    part: str = ""  # of the page, in which it stands; "" of the page itself
    children: list["Node"] | None = None  # None of an element

    def shape(self) -> object:
        """Its kind and those of all in it."""
        if self.children is None:
            return self.kind
        return self.kind, [child.shape() for child in self.children]


def _block(kind: str) -> Node:
    return Node(kind, children=[])


@dataclass
class PageTree:
    roots: list[Node] = field(
        default_factory=lambda: [_block(name) for name in ("main", "sidebar", "event", "bottom")]
    )
    run: str = ""

    def shape(self) -> object:
        return self.roots[0].shape()

    def hear(self, message: ForwardMsg) -> None:
        """Take in a message of any kind. Raises Broken."""
        kind, said_of = message.WhichOneof("type"), message.metadata.run
        if kind == "new_session":
            self.run = said_of.script_run_id
        elif kind == "delta":
            self._draw(message)
        elif kind == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
        ):
            parts = list(said_of.fragment_ids)
            if parts or self.run == said_of.script_run_id:
                for root in self.roots:
                    root.children = _kept(root, said_of.script_run_id, parts, is_inside=False)

    def _draw(self, message: ForwardMsg) -> None:
        path, part = list(message.metadata.delta_path), message.delta.fragment_id
        if message.delta.WhichOneof("type") != "add_block":
            kind = message.delta.new_element.WhichOneof("type") or "element"
            self._put(path, Node(kind, self.run, part))
            return
        kind = message.delta.add_block.WhichOneof("type") or "block"
        before = self._at(path)
        is_same = before is not None and before.children is not None and before.kind == kind
        children = before.children if before is not None and is_same else []
        self._put(path, Node(kind, self.run, part, children))

    def _at(self, path: Sequence[int]) -> Node | None:
        children: list[Node] | None = self.roots
        node = None
        for index in path:
            if children is None or index >= len(children):
                return None
            node = children[index]
            children = node.children
        return node

    def _put(self, path: Sequence[int], node: Node) -> None:
        children: list[Node] | None = self.roots
        for index in path[:-1]:
            if children is None:
                raise Broken(f"'setIn' cannot be called on an ElementNode: {path}")
            if index >= len(children):
                raise Broken(f"Cannot set a node at a delta path: {path}")
            children[index].run = self.run
            children = children[index].children
        if children is None:
            raise Broken(f"'setIn' cannot be called on an ElementNode: {path}")
        if path[-1] > len(children):
            raise Broken(f"Bad delta path index {path[-1]} of {len(children)}: {path}")
        children[path[-1] : path[-1] + 1] = [node]


def _kept(block: Node, run: str, parts: Sequence[str], is_inside: bool) -> list[Node]:
    """What is left in a block once a run has ended: of these parts of the page, or of all of it."""
    kept = []
    for child in block.children or []:
        is_new = child.run == run
        if parts and not is_inside:
            stays, inside = True, is_new and child.part in parts
        else:
            stays, inside = is_new or child.kind == "toast", is_inside
        if stays:
            if child.children is not None:
                child.children = _kept(child, run, parts, inside)
            kept.append(child)
    return kept
