"""The worker: frames in, inspections and defect events out, exactly once."""
