"""Wicketgate's control plane."""
