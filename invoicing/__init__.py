"""The core: what an invoice desk knows. SQLAlchemy and small libraries, never Flask."""
