"""Feeds: lists by serials that an edge can follow."""
