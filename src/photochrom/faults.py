"""What a validation found, in words."""

from pydantic import ValidationError


def told(error: ValidationError) -> str:
    """Every fault with the setting it is of, in one line."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc']))}: {' '.join(fault['msg'].split())}"
        for fault in error.errors()
    )
