"""What every view stands on: door, bodies, conditions, contracts, problems, the document. It knows no resource."""
