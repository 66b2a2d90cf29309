"""What a run leaves behind: the data dictionary, the recorder, the tables and the results folder."""
