"""Tool bodies and their catalogue. Only `dispatch` runs them; only `compose` wires them."""
