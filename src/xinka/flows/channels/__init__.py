"""Payment channels change by two people: ``changes`` proposes and confirms, ``keepers`` says who may."""
