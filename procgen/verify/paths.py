"""Which ways through a tree a row can take: the cells left to each input on the way decide.

Inputs are free of each other, so a node can be reached exactly if on its path no input runs out of
cells. What trees test beside inputs is taken to be free as well, which can only let more through:
what cannot be reached by this measure cannot be reached at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from procgen.verify.shapes import LEFT, LOST, RIGHT, WAYS, Shape


def possible_ways(shape: Shape, allowed: Sequence[int]) -> tuple[bytearray, bytearray]:
    """For each way out of each split, and for each node, whether some row may take it."""
    ways = bytearray(WAYS * len(shape.axes))
    nodes = bytearray(len(shape.axes))
    box = list(allowed)
    waiting = [(0, -1, 0)]
    while waiting:
        node, axis, cells = waiting.pop()
        if node < 0:  # all below is done: the cells are as they were above
            box[axis] = cells
            continue
        if axis >= 0:
            waiting.append((-1, axis, box[axis]))
            box[axis] = cells
        nodes[node] = 1
        axis = shape.axes[node]
        if axis < 0:
            continue
        here, passing = box[axis], shape.passing(node)
        lost = here & shape.cells(node, LOST)
        left = here & passing
        right = here ^ left ^ lost
        ways[WAYS * node + LEFT] = left != 0
        ways[WAYS * node + RIGHT] = right != 0
        ways[WAYS * node + LOST] = lost != 0
        if shape.default_left[node]:
            left |= lost
        else:
            right |= lost
        if right:
            waiting.append((shape.right[node], axis, right))
        if left:
            waiting.append((shape.left[node], axis, left))
    return ways, nodes
