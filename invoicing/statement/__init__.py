"""Statements of account: what moved on a customer's account over a period, and what is due now. Nothing is kept."""
