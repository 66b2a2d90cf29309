"""What a person reads: tables, figures, the report page."""
