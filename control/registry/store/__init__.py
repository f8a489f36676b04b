"""The registry's database: its tables, its transactions, its backups."""
