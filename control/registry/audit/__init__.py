"""The record that nobody can rewrite."""
