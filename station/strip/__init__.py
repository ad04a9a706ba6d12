"""What the page knows of the newest coils, in bounded memory. Pure: no Kafka, no clock, no I/O."""
