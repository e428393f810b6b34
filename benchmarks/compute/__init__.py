"""What routing saves in CPU time, on models of the true shapes, beside gearshift's own accounts."""
