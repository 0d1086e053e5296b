"""What may be shown on a terminal."""


def printable(text: str, *, most: int = 400) -> str:
    """Show a text that may come from a file: no control character reaches the terminal."""
    shown = text if len(text) <= most else f"{text[:most]}…"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown)
