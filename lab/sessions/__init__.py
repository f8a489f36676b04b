"""The sessions on a stage: of each kind a registered and an unregistered one."""
