"""What the doors share: session, guards, sign-in, words, filters, error pages, static files."""
