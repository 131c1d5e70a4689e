"""Two scanners set on a server of one's own: `python -m tools.scan --help`; docs/SECURITY.md says more."""
