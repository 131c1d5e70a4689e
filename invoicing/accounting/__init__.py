"""Reads what accounting programs export: one document per official invoice, whatever the layout (SPEC C9)."""
