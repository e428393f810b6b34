"""Whether `gearshift plan` foresees what then happens."""
