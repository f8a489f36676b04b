"""What an edge does: keep the list live, the policies set, the interfaces guarded, and say how it stands."""
