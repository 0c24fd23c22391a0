"""What happened, as an object that every frontend shows: reports, listings, cards."""
