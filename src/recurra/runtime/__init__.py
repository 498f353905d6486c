"""Running cells over sequences: `unroll`, and the plain loop that is its oracle."""

from recurra.runtime._unroll import Backend, unroll

__all__ = ["Backend", "unroll"]
