"""Stage 13 placeholder while measures are written."""
def survey(q, measured=True):
    return {"steps": {}, "firms": {}, "history": {}}
