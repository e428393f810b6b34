"""Programs that show how gearshift is used."""
