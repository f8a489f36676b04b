"""The namespaces subscriber — edge — internet, what runs in them, and what crosses the edge."""
