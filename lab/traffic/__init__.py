"""Numbered questions and answers, the measure of "up" and of "nothing lost"; and what must never suffer."""
