"""The engine of halodeck: physics, learning, runs. It knows no front end."""
