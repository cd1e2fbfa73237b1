"""One file an experiment. A new one needs nothing but its file here: see core/recipe.py."""
