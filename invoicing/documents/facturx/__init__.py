"""The structured invoice of a document: Factur-X, profile EN 16931, from its frozen snapshot alone."""
