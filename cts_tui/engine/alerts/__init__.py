"""From faults to alerts to notices: raised after a while, cleared after a while, told in time."""
