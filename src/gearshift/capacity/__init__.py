"""How many deployments a load needs: arrivals, how they are served, a simulation, the plan."""
