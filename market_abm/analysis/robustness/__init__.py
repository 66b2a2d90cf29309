"""What survives: findings under other rules of bargaining, thresholds, horizons and assumptions."""
