"""All that the station knows of a broker: what it reads, frames and reports on demand, acknowledgements."""
