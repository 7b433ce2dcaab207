"""What a person decides: operators, bindings, findings. Decisions on values are pure."""
