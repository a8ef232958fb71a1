"""The end-to-end trial: a made-up connection in a scratch store, driven through every processor."""
