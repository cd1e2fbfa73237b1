"""One file or folder an experiment. A new one needs nothing but that: see core/runs/recipe.py."""
