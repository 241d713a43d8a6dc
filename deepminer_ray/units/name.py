"""What people read where the tables hold a bare channel index."""


def unit_name(unit: int) -> str:
    """The paper's Unit ID: channel 1813 is `unit_1814`."""
    return f"unit_{unit + 1:04d}"
