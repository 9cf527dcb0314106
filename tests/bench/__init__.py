"""How fast Tocsin is, as ratios: each figure beside the least that the same work costs, measured in the same run."""
