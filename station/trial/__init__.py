"""Try an image: one picture from a browser through one bundle, as the line would inspect it."""
