"""What the program says about single packets: asked by a test run, or sampled from traffic."""
