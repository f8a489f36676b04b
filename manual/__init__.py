"""The manual pages and the shells' completions, made from the commands and settings themselves when the packages are built."""
