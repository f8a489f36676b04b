"""What a VPN's two peers are told, for namespaces and machines alike: keys, certificates, configurations."""
