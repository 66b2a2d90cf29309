"""The market in the browser: what ``market-abm view`` opens. Needs the extra ``viz``."""
