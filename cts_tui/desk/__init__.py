"""What a face may ask for: operations and read views over the store."""
