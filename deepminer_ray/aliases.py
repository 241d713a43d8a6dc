"""Types that many rooms name."""

from typing import Any

Row = dict[str, Any]
"""Of a table: values by column."""
Rows = list[Row]
