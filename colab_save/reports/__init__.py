"""The results of actions, as objects that every frontend shows: reports, listings, cards."""
