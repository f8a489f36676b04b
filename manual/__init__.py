"""The manual pages and the shells' completions, made from commands and settings when the packages are built."""
