"""RECURRA_VERIFY: the plain loop beside compiled ones, and both compared."""

from recurra.runtime._verify.verify import is_due, is_verifying, verified, verified_step

__all__ = [
    "is_due",
    "is_verifying",
    "verified",
    "verified_step",
]
