"""Campaigns on the staff's pages."""
