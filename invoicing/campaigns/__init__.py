"""One invoice each for many members: chosen, judged, made, once (SPEC D10)."""
