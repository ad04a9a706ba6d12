"""The whole stack on one machine without Docker: a real Kafka, the demo, and a live line that is watched."""
