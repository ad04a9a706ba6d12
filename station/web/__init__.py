"""The HTTP border of the station: its API, its live stream, and who may use them."""
