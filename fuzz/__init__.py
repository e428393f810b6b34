"""Looks for inputs that break gearshift: `make fuzz`."""
