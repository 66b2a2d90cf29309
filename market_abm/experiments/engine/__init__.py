"""How runs are distributed: on a Dask cluster, or one after the other in this process."""
