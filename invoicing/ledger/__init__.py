"""What goes to the accountant: numbered, dated, hashed exports that can be downloaded again (SPEC C12)."""
