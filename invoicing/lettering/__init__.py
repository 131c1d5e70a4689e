"""Lettering: the reference of the official invoice, recorded on each online invoice (SPEC C)."""
