"""How gearshift speaks to upstreams: one file per kind of upstream."""
