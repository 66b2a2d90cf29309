"""The commands of sweeps: run, look into, retry, and read as a phase diagram or as sensitivities."""
