"""Side inputs: what they hold for each window, and the records that wait for them."""
