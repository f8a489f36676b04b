"""The configuration of one instance, a TOML file: settings, their units, and reading them with every fault named."""

from control.config.reading import API_PATH, DEFAULT_PATH, ENVIRONMENT, Setting, load, parse, reference, salvaged
from control.config.settings import Config

__all__ = ["API_PATH", "DEFAULT_PATH", "ENVIRONMENT", "Config", "Setting", "load", "parse", "reference", "salvaged"]
