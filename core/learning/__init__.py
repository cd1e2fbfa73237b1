"""What learns, and what it learns from: learners, crops and samples, tiles, memory."""
