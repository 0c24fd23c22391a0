"""Counts, sizes and ages in words, for reports, errors and the progress bar."""

from __future__ import annotations

from datetime import UTC, datetime


def count_in_words(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``2,000 files``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size_in_words(size: int) -> str:
    """Return a number of bytes in decimal units, as file browsers show it."""
    if size < 1000:
        return count_in_words(size, "byte")
    value, units = float(size), iter(("kB", "MB", "GB", "TB"))
    unit = ""
    while value >= 999.5 and (following := next(units, "")):
        value, unit = value / 1000, following
    return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"


def age_in_words(created: str, now: datetime | None = None) -> str:
    """Return how long ago a moment was, or its date if that is 30 days or more.

    Args:
        created: UTC time in ISO 8601; anything else is returned as it is.
        now: The moment to count from; default: now.
    """
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if not 0 <= seconds < 30 * 86400:
        return f"{moment:%Y-%m-%d}"
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{count_in_words(int(seconds // length), unit)} ago"
    return "just now"
