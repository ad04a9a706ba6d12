"""The whole stack on one machine without Docker: a real Kafka, and the demo."""
