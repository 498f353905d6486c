"""Looking inside: what a network holds at every step."""

from recurra.probe._hello import HelloNetwork, Moment

__all__ = ["HelloNetwork", "Moment"]
