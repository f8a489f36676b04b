"""Real VPN sessions between subscriber and internet, by the kernel's own WireGuard, IPsec and L2TP."""
