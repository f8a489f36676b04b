"""Wicketgate on real machines: the lab that `make vagrant-test` runs."""
