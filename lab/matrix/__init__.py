"""The live matrix: handshakes of every VPN software and mode that Debian has, across a guarded edge."""
