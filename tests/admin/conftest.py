"""Fixtures of the staff's pages."""

from __future__ import annotations

from tests.admin.desk import clock, desk

__all__ = ["clock", "desk"]
